using System.Globalization;
using System.Text;

using EventFhir.Model.FhirPath.Operations;
using EventFhir.Model.Ucum;

namespace EventFhir.Model.FhirPath.Functions;

/// <summary>FHIRPath N1, 5.5: each type has toX() and convertsToX(), which is whether toX() gives something.</summary>
internal static class Conversions
{
    public static Function[] Functions { get; } =
    [
        .. Pair("Boolean", ToBoolean),
        .. Pair("Integer", ToInteger),
        .. Pair("Long", ToLong),
        .. Pair("Decimal", ToDecimal),
        .. Pair("String", ToText),
        .. Pair("Date", ToDate),
        .. Pair("DateTime", ToDateTime),
        .. Pair("Time", ToTime),
        Function.Scalar("toQuantity", 0, 1, ToQuantity),
        Function.Scalar("convertsToQuantity", 0, 1, (input, arguments) => FhirPathValue.Of(!ToQuantity(input, arguments).IsNone)),
    ];

    private static Function[] Pair(string type, Func<FhirPathValue, FhirPathValue> convert) =>
    [
        Function.Scalar($"to{type}", 0, 0, (input, _) => convert(input)),
        Function.Scalar($"convertsTo{type}", 0, 0, (input, _) => FhirPathValue.Of(!convert(input).IsNone)),
    ];

    private static FhirPathValue ToBoolean(FhirPathValue value)
    {
        if (value.Kind is FhirPathKind.Boolean) return value;
        if (value.IsNumber) return value.Number is 0 or 1 ? FhirPathValue.Of(value.Number == 1) : default;
        if (value.Kind is not FhirPathKind.String) return default;
        return value.Text.ToLowerInvariant() switch
        {
            "true" or "t" or "yes" or "y" or "1" or "1.0" => FhirPathValue.Of(true),
            "false" or "f" or "no" or "n" or "0" or "0.0" => FhirPathValue.Of(false),
            _ => default,
        };
    }

    private static FhirPathValue ToInteger(FhirPathValue value) => value.Kind switch
    {
        FhirPathKind.Integer => value,
        FhirPathKind.Long when value.Long is >= int.MinValue and <= int.MaxValue => FhirPathValue.Of((int)value.Long),
        FhirPathKind.Boolean => FhirPathValue.Of(value.Boolean ? 1 : 0),
        FhirPathKind.String when int.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) =>
            FhirPathValue.Of(number),
        _ => default,
    };

    private static FhirPathValue ToLong(FhirPathValue value) => value.Kind switch
    {
        FhirPathKind.Long => value,
        FhirPathKind.Integer => FhirPathValue.Of(value.Long),
        FhirPathKind.Boolean => FhirPathValue.Of(value.Boolean ? 1L : 0L),
        FhirPathKind.String when long.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) =>
            FhirPathValue.Of(number),
        _ => default,
    };

    private static FhirPathValue ToDecimal(FhirPathValue value)
    {
        if (value.IsNumber) return FhirPathValue.Of(value.Number);
        if (value.Kind is FhirPathKind.Boolean) return FhirPathValue.Of(value.Boolean ? 1m : 0m);
        return value.Kind is FhirPathKind.String && TryNumber(value.Text, out var number) ? FhirPathValue.Of(number) : default;
    }

    private static bool TryNumber(string text, out decimal number) =>
        decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number)
        && text[^1] != '.' && text.TrimStart('+', '-')[0] != '.';

    private static FhirPathValue ToText(FhirPathValue value) =>
        value.Kind is FhirPathKind.Element or FhirPathKind.Type ? default : FhirPathValue.Of(value.ToString());

    private static FhirPathValue ToDate(FhirPathValue value)
    {
        if (value.Kind is FhirPathKind.String)
            value = TemporalParser.TryParseDateTime(Encoding.UTF8.GetBytes(value.Text), out var parsed) ? FhirPathValue.Of(parsed) : default;
        return value.Kind is FhirPathKind.Date or FhirPathKind.DateTime
            ? FhirPathValue.Of(value.Temporal.To(TemporalPrecision.Day) with { Kind = TemporalKind.Date, OffsetMinutes = null })
            : default;
    }

    private static FhirPathValue ToDateTime(FhirPathValue value)
    {
        if (value.Kind is FhirPathKind.String)
            return TemporalParser.TryParseDateTime(Encoding.UTF8.GetBytes(value.Text), out var parsed) ? FhirPathValue.Of(parsed) : default;
        return value.Kind is FhirPathKind.Date or FhirPathKind.DateTime
            ? FhirPathValue.Of(value.Temporal with { Kind = TemporalKind.DateTime })
            : default;
    }

    private static FhirPathValue ToTime(FhirPathValue value)
    {
        if (value.Kind is FhirPathKind.Time) return value;
        if (value.Kind is not FhirPathKind.String) return default;
        var text = value.Text.StartsWith('T') ? value.Text[1..] : value.Text;
        return TemporalParser.TryParseTime(Encoding.UTF8.GetBytes(text), out var parsed) ? FhirPathValue.Of(parsed) : default;
    }

    private static FhirPathValue ToQuantity(FhirPathValue value, FhirPathValue[] arguments)
    {
        var quantity = value.Kind switch
        {
            FhirPathKind.Quantity => value.Quantity,
            FhirPathKind.Boolean => Quantities.OfNumber(value.Boolean ? 1 : 0),
            FhirPathKind.String => Parse(value.Text),
            _ => value.IsNumber ? Quantities.OfNumber(value.Number) : null,
        };
        if (quantity is not null && arguments.Length > 0) quantity = Quantities.ConvertTo(quantity, Texts.TextOf(arguments[0]));
        return quantity is null ? default : FhirPathValue.Of(quantity);
    }

    /// <summary>"1", "1.5 'mg'", "4 days"; null for other texts.</summary>
    private static FhirPathQuantity? Parse(string text)
    {
        var end = text.AsSpan().IndexOf(' ') is var blank and >= 0 ? blank : text.Length;
        if (end == 0 || !TryNumber(text[..end], out var number)) return null;
        var unit = text[end..].Trim();
        if (unit.Length == 0) return Quantities.OfNumber(number);
        if (unit.Length > 2 && unit[0] == '\'' && unit[^1] == '\'' && UcumUnit.TryParse(unit[1..^1], out _))
            return new FhirPathQuantity(number, unit[1..^1], UnitSystem.Ucum);
        return FhirPathQuantity.IsCalendarKeyword(unit) ? new FhirPathQuantity(number, unit, UnitSystem.Calendar) : null;
    }
}
