namespace EventFhir.Model.FhirPath;

/// <summary>Adding time spans to dates, date-times and times (FHIRPath N1, 6.6.7).</summary>
internal static class TemporalArithmetic
{
    private const int MonthsPerYear = 12;

    /// <summary>Null if the result is out of range. A unit that is no time, or UCUM's a and mo, is an error: they are no calendar units.</summary>
    public static Temporal? Add(Temporal moment, FhirPathQuantity span, int sign)
    {
        var unit = UnitOf(span);
        var amount = sign * span.Value;
        if (moment.Kind is TemporalKind.Time) return AddToTime(moment, amount, unit);
        // A span finer than the value's precision counts in whole units of that precision: @2014 + 24 months is @2016.
        (amount, unit) = moment.Precision switch
        {
            TemporalPrecision.Year => (decimal.Truncate(YearsOf(amount, unit)), "year"),
            TemporalPrecision.Month when unit is not "year" => (decimal.Truncate(MonthsOf(amount, unit)), "month"),
            TemporalPrecision.Day when TicksOf(unit) is { } ticks => (decimal.Truncate(amount * ticks / TimeSpan.TicksPerDay), "day"),
            TemporalPrecision.Hour when TicksOf(unit) is { } ticks => (decimal.Truncate(amount * ticks / TimeSpan.TicksPerHour), "hour"),
            TemporalPrecision.Minute when TicksOf(unit) is { } ticks => (decimal.Truncate(amount * ticks / TimeSpan.TicksPerMinute), "minute"),
            _ => (amount, unit),
        };
        // Above seconds the fraction of the amount is ignored.
        if (unit is not ("second" or "millisecond")) amount = decimal.Truncate(amount);
        if (Math.Abs(amount) > 1_000_000_000_000m) return null;
        return Shift(moment, amount, unit);
    }

    private static Temporal? Shift(Temporal moment, decimal amount, string unit)
    {
        try
        {
            var local = new DateTime(moment.Ticks);
            var shifted = unit switch
            {
                "year" => local.AddYears((int)amount),
                "month" => local.AddMonths((int)amount),
                _ => local.AddTicks((long)(amount * TicksOf(unit)!.Value)),
            };
            return WithTicks(moment, shifted.Ticks);
        }
        catch (Exception exception) when (exception is ArgumentOutOfRangeException or OverflowException)
        {
            return null;
        }
    }

    /// <summary>Times of day go round the clock.</summary>
    private static Temporal AddToTime(Temporal moment, decimal amount, string unit)
    {
        if (TicksOf(unit) is not { } ticks || unit is "day" or "week")
            throw FhirPathException.Execution($"A time of day cannot be moved by {unit}s.");
        if (unit is not ("second" or "millisecond")) amount = decimal.Truncate(amount);
        var sum = (moment.Ticks + amount * ticks) % TimeSpan.TicksPerDay;
        return WithTicks(moment, (long)(sum < 0 ? sum + TimeSpan.TicksPerDay : sum));
    }

    /// <summary>Keeps precision and zone; a fraction that was not there before is shown in milliseconds.</summary>
    private static Temporal WithTicks(Temporal moment, long ticks)
    {
        var needsFraction = moment.Precision is TemporalPrecision.Second && ticks % TimeSpan.TicksPerSecond != 0;
        return needsFraction
            ? moment with { Ticks = ticks, Precision = TemporalPrecision.Fraction, FractionDigits = 3 }
            : moment with { Ticks = ticks };
    }

    private static string UnitOf(FhirPathQuantity span)
    {
        if (FhirPathQuantity.SingularOf(span.Unit) is { } word) return word;
        return span.Unit switch
        {
            "wk" => "week",
            "d" => "day",
            "h" => "hour",
            "min" => "minute",
            "s" => "second",
            "ms" => "millisecond",
            _ => throw FhirPathException.Execution($"'{span.Unit}' is no calendar unit."),
        };
    }

    private static decimal YearsOf(decimal amount, string unit) => unit switch
    {
        "year" => amount,
        "month" => amount / MonthsPerYear,
        _ => amount * TicksOf(unit)!.Value / TimeSpan.TicksPerDay / 365,
    };

    private static decimal MonthsOf(decimal amount, string unit) =>
        unit is "month" ? amount : amount * TicksOf(unit)!.Value / TimeSpan.TicksPerDay / 30;

    private static long? TicksOf(string unit) => unit switch
    {
        "week" => 7 * TimeSpan.TicksPerDay,
        "day" => TimeSpan.TicksPerDay,
        "hour" => TimeSpan.TicksPerHour,
        "minute" => TimeSpan.TicksPerMinute,
        "second" => TimeSpan.TicksPerSecond,
        "millisecond" => TimeSpan.TicksPerMillisecond,
        _ => null,
    };
}
