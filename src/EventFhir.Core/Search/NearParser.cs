using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Model.Ucum;

namespace EventFhir.Core.Search;

/// <summary>Reads "latitude|longitude[|distance[|unit]]" (R4 location.html#positional).</summary>
internal static class NearParser
{
    /// <summary>What people write for the international mile, which UCUM calls [mi_i].</summary>
    private const string Mile = "mi";

    public static Outcome<SearchValue> Parse(SearchParameterDefinition parameter, string text)
    {
        var parts = EscapedText.Split(text, '|');
        if (parts.Length is < 2 or > 4 || !TryDegrees(parts[0], out var latitude) || !TryDegrees(parts[1], out var longitude))
            return Invalid(parameter, "it must be latitude|longitude, latitude|longitude|distance or latitude|longitude|distance|unit, in degrees");
        var centre = new GeoPosition(latitude, longitude);
        if (!centre.IsOnEarth) return Invalid(parameter, "a latitude lies within -90 and 90, a longitude within -180 and 180");
        if (parts.Length == 2 || parts[2].Length == 0) return new SearchValue.Near(new GeoCircle(centre, Limits.NearDistanceDefaultMetres));
        if (!NumberText.TryParse(parts[2], out var distance, out _) || distance < 0) return Invalid(parameter, "a distance is a number from 0 up");
        var unit = parts.Length == 4 && parts[3].Length > 0 ? parts[3] : "km";
        return UcumUnit.TryConvert(distance, unit == Mile ? "[mi_i]" : unit, "m", out var metres)
            ? new SearchValue.Near(new GeoCircle(centre, (double)metres))
            : Invalid(parameter, "its unit is no UCUM code of a length, such as km, m or [mi_i]");
    }

    private static bool TryDegrees(string text, out double degrees)
    {
        var isNumber = NumberText.TryParse(text, out var number, out _);
        degrees = (double)number;
        return isNumber;
    }

    private static Refusal Invalid(SearchParameterDefinition parameter, string reason) =>
        Refusal.Of(RefusalKind.BadRequest, "value", $"A value of the search parameter '{parameter.Code}' is not valid: {reason}.");
}
