using System.Globalization;

namespace EventFhir.Model.FhirPath;

public enum UnitSystem { Ucum, Calendar }

/// <summary>A System.Quantity. A calendar duration is one whose unit is a keyword: 1 month has no fixed length, 1 'mo' has.</summary>
/// <param name="Unit">A UCUM code, "1" if there is none; or the keyword as written, "week" or "weeks".</param>
public sealed record FhirPathQuantity(decimal Value, string Unit, UnitSystem System)
{
    private static readonly string[] Singular = ["year", "month", "week", "day", "hour", "minute", "second", "millisecond"];

    public static bool IsCalendarKeyword(string word) => SingularOf(word) is not null;

    /// <summary>"week" for "week" and "weeks"; null for other words.</summary>
    public static string? SingularOf(string word)
    {
        var singular = word.EndsWith('s') ? word[..^1] : word;
        return Array.IndexOf(Singular, singular) is var at and >= 0 ? Singular[at] : null;
    }

    /// <summary>The UCUM code that a calendar duration equals, null for years and months, which have no fixed length.</summary>
    public static string? UcumOf(string keyword) => SingularOf(keyword) switch
    {
        "week" => "wk",
        "day" => "d",
        "hour" => "h",
        "minute" => "min",
        "second" => "s",
        "millisecond" => "ms",
        _ => null,
    };

    /// <summary>"4 'mg'" or "4 days".</summary>
    public override string ToString() =>
        Value.ToString(CultureInfo.InvariantCulture) + (System is UnitSystem.Calendar ? $" {Unit}" : $" '{Unit}'");
}
