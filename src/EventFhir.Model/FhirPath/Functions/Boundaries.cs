namespace EventFhir.Model.FhirPath.Functions;

internal enum Boundary { Low, High }

/// <summary>lowBoundary(), highBoundary(), precision() and comparable(), which came after N1.</summary>
internal static class Boundaries
{
    private const int DecimalDigitsDefault = 8;
    private const int DecimalDigitsMax = 28;

    public static Function[] Functions { get; } =
    [
        Function.Scalar("lowBoundary", 0, 1, (input, arguments) => Of(input, arguments, Boundary.Low)),
        Function.Scalar("highBoundary", 0, 1, (input, arguments) => Of(input, arguments, Boundary.High)),
        Function.Scalar("precision", 0, 0, (input, _) => Precision(input)),
        Function.Scalar("comparable", 1, 1, (input, arguments) => input.Kind is FhirPathKind.Quantity && arguments[0].Kind is FhirPathKind.Quantity
            ? FhirPathValue.Of(Quantities.Comparable(input.Quantity, arguments[0].Quantity))
            : default),
    ];

    private static FhirPathValue Of(FhirPathValue value, FhirPathValue[] arguments, Boundary boundary)
    {
        int? digits = arguments.Length == 0 ? null
            : arguments[0].Kind is FhirPathKind.Integer ? arguments[0].Integer : throw FhirPathException.Execution("A precision is an integer.");
        if (value.IsNumber) return OfNumber(value.Number, digits, boundary) is { } number ? FhirPathValue.Of(number) : default;
        if (value.Kind is FhirPathKind.Quantity)
            return OfNumber(value.Quantity.Value, digits, boundary) is { } bound ? FhirPathValue.Of(value.Quantity with { Value = bound }) : default;
        if (!value.IsTemporal) throw FhirPathException.Execution($"{value.TypeInfo} has no boundaries.");
        return OfTemporal(value.Temporal, digits, boundary) is { } moment ? FhirPathValue.Of(moment) : default;
    }

    /// <summary>
    /// Half a unit of the last place away, then cut to the digits: towards zero on the side of zero, to the nearest on the other
    /// side, as the official suite has it.
    /// </summary>
    private static decimal? OfNumber(decimal value, int? digits, Boundary boundary)
    {
        var places = digits ?? DecimalDigitsDefault;
        if (places is < 0 or > DecimalDigitsMax || value.Scale >= DecimalDigitsMax) return null;
        var half = new decimal(5, 0, 0, isNegative: false, (byte)(value.Scale + 1));
        var isOutward = boundary is Boundary.High == value >= 0;
        var magnitude = Math.Abs(value) + (isOutward ? half : -half);
        var rounded = Math.Round(magnitude, places, isOutward ? MidpointRounding.AwayFromZero : MidpointRounding.ToZero);
        if (decimal.MaxValue / PowerOfTen(places) <= rounded) return null;
        // Adding a zero of that scale shows all the digits that were asked for.
        rounded += new decimal(0, 0, 0, isNegative: false, (byte)places);
        return value < 0 ? -rounded : rounded;
    }

    private static decimal PowerOfTen(int exponent)
    {
        var power = 1m;
        for (var i = 0; i < exponent; i++) power *= 10;
        return power;
    }

    private static Temporal? OfTemporal(Temporal value, int? digits, Boundary boundary)
    {
        if (PrecisionOf(value.Kind, digits) is not { } precision) return null;
        if (precision <= value.Precision) return value.To(precision);
        var ticks = boundary is Boundary.Low ? value.Ticks : End(value);
        var fractionDigits = precision is TemporalPrecision.Fraction ? Math.Max((byte)3, value.FractionDigits) : (byte)0;
        short? offset = value.OffsetMinutes;
        // Without zone, the earliest moment is that of the easternmost zone and the latest that of the westernmost.
        if (value.Kind is TemporalKind.DateTime && precision > TemporalPrecision.Day)
            offset ??= boundary is Boundary.Low ? (short)(14 * 60) : (short)(-12 * 60);
        var full = value with { Precision = TemporalPrecision.Fraction, Ticks = ticks, FractionDigits = fractionDigits, OffsetMinutes = offset };
        return precision is TemporalPrecision.Fraction ? full : full.To(precision);
    }

    /// <summary>The last millisecond of what the value may stand for.</summary>
    private static long End(Temporal value)
    {
        var start = new DateTime(value.Ticks);
        var next = value.Precision switch
        {
            TemporalPrecision.Year => start.Year == 9999 ? DateTime.MaxValue.Ticks : start.AddYears(1).Ticks,
            TemporalPrecision.Month => start is { Year: 9999, Month: 12 } ? DateTime.MaxValue.Ticks : start.AddMonths(1).Ticks,
            TemporalPrecision.Day => value.Ticks + TimeSpan.TicksPerDay,
            TemporalPrecision.Hour => value.Ticks + TimeSpan.TicksPerHour,
            TemporalPrecision.Minute => value.Ticks + TimeSpan.TicksPerMinute,
            TemporalPrecision.Second => value.Ticks + TimeSpan.TicksPerSecond,
            _ => value.Ticks + TimeSpan.TicksPerMillisecond,
        };
        return Math.Min(next, DateTime.MaxValue.Ticks) - TimeSpan.TicksPerMillisecond;
    }

    /// <summary>The number of digits of a text of that precision: 4 for years up to 17 for milliseconds; null for none.</summary>
    private static TemporalPrecision? PrecisionOf(TemporalKind kind, int? digits) => (kind, digits) switch
    {
        (TemporalKind.Date, null) => TemporalPrecision.Day,
        (_, null) => TemporalPrecision.Fraction,
        (TemporalKind.Time, 2) => TemporalPrecision.Hour,
        (TemporalKind.Time, 4) => TemporalPrecision.Minute,
        (TemporalKind.Time, 6) => TemporalPrecision.Second,
        (TemporalKind.Time, 9) => TemporalPrecision.Fraction,
        (TemporalKind.Time, _) => null,
        (_, 4) => TemporalPrecision.Year,
        (_, 6) => TemporalPrecision.Month,
        (_, 8) => TemporalPrecision.Day,
        (TemporalKind.DateTime, 10) => TemporalPrecision.Hour,
        (TemporalKind.DateTime, 12) => TemporalPrecision.Minute,
        (TemporalKind.DateTime, 14) => TemporalPrecision.Second,
        (TemporalKind.DateTime, 17) => TemporalPrecision.Fraction,
        _ => null,
    };

    private static FhirPathValue Precision(FhirPathValue value)
    {
        if (value.IsNumber) return FhirPathValue.Of((int)value.Number.Scale);
        if (!value.IsTemporal) return default;
        var moment = value.Temporal;
        var digits = moment.Precision switch
        {
            TemporalPrecision.Year => 4,
            TemporalPrecision.Month => 6,
            TemporalPrecision.Day => 8,
            TemporalPrecision.Hour => 10,
            TemporalPrecision.Minute => 12,
            TemporalPrecision.Second => 14,
            _ => 17,
        };
        return FhirPathValue.Of(moment.Kind is TemporalKind.Time ? digits - 8 : digits);
    }
}
