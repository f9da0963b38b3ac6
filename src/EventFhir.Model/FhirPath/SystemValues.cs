using System.Buffers.Text;
using System.Globalization;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.Model.FhirPath;

/// <summary>How FHIR elements become System values by themselves (R4 fhirpath.html#types).</summary>
internal static class SystemValues
{
    /// <summary>
    /// The System value of a primitive with a value or of a Quantity; anything else stays as it is, and no value at all gives none.
    /// </summary>
    public static FhirPathValue ToSystem(FhirPathValue value)
    {
        if (!value.IsElement) return value;
        var element = value.Element;
        if (element.Type.IsPrimitive) return element.HasValue ? OfPrimitive(element) : default;
        return IsQuantity(element.Type) && QuantityOf(element) is { } quantity ? FhirPathValue.Of(quantity) : value;
    }

    public static bool IsText(PrimitiveKind kind) => kind is
        PrimitiveKind.String or PrimitiveKind.Code or PrimitiveKind.Uri or PrimitiveKind.Id or PrimitiveKind.Canonical or PrimitiveKind.Url
        or PrimitiveKind.Markdown or PrimitiveKind.Oid or PrimitiveKind.Uuid or PrimitiveKind.Base64Binary or PrimitiveKind.Xhtml;

    public static bool IsQuantity(TypeDefinition type)
    {
        for (var candidate = type; candidate is not null; candidate = candidate.Base)
            if (candidate.Name == "Quantity") return true;
        return false;
    }

    private static FhirPathValue OfPrimitive(Element element)
    {
        var raw = element.RawValue;
        switch (element.Type.Primitive)
        {
            case PrimitiveKind.Boolean:
                return FhirPathValue.Of(raw[0] == 't');
            case PrimitiveKind.Integer or PrimitiveKind.PositiveInt or PrimitiveKind.UnsignedInt:
                return Utf8Parser.TryParse(raw, out int integer, out var read) && read == raw.Length ? FhirPathValue.Of(integer) : default;
            case PrimitiveKind.Integer64:
                return Utf8Parser.TryParse(raw, out long wide, out read) && read == raw.Length ? FhirPathValue.Of(wide) : default;
            case PrimitiveKind.Decimal:
                return decimal.TryParse(raw, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? FhirPathValue.Of(number) : default;
            case PrimitiveKind.Date:
                return TemporalParser.TryParseDate(raw, out var temporal) ? FhirPathValue.Of(temporal) : default;
            case PrimitiveKind.DateTime or PrimitiveKind.Instant:
                return TemporalParser.TryParseDateTime(raw, out temporal) ? FhirPathValue.Of(temporal) : default;
            case PrimitiveKind.Time:
                return TemporalParser.TryParseTime(raw, out temporal) ? FhirPathValue.Of(temporal) : default;
            default:
                return FhirPathValue.Of(element.Text);
        }
    }

    /// <summary>
    /// A Quantity without value or with a comparator has no System value. UCUM codes of time become calendar units (R4 fhirpath.html#quantity).
    /// </summary>
    private static FhirPathQuantity? QuantityOf(Element element)
    {
        if (element.FirstChild("value") is not { HasValue: true } value || element.FirstChild("comparator") is { HasValue: true }) return null;
        if (OfPrimitive(value) is not { IsNone: false } number) return null;
        var isUcum = element.FirstChild("system") is { } system && system.ValueEquals("http://unitsofmeasure.org"u8);
        var unit = isUcum && element.FirstChild("code") is { HasValue: true } code ? code.Text
            : element.FirstChild("unit") is { HasValue: true } name ? name.Text : "1";
        return (isUcum ? CalendarWordOf(unit) : null) is { } word
            ? new FhirPathQuantity(number.Number, word, UnitSystem.Calendar)
            : new FhirPathQuantity(number.Number, unit, UnitSystem.Ucum);
    }

    private static string? CalendarWordOf(string code) => code switch
    {
        "a" => "year",
        "mo" => "month",
        "d" => "day",
        "h" => "hour",
        "min" => "minute",
        "s" => "second",
        _ => null,
    };
}
