namespace EventFhir.Model.FhirPath.Functions;

/// <summary>FHIRPath N1, 5.9 (current time), and the components of dates that came later.</summary>
internal static class Dates
{
    public static Function[] Functions { get; } =
    [
        Current("now", Temporal.DateTimeOf),
        Current("today", Temporal.DateOf),
        Current("timeOfDay", Temporal.TimeOf),
        Part("yearOf", TemporalPrecision.Year, moment => moment.Year),
        Part("monthOf", TemporalPrecision.Month, moment => moment.Month),
        Part("dayOf", TemporalPrecision.Day, moment => moment.Day),
        Part("hourOf", TemporalPrecision.Hour, moment => moment.Hour),
        Part("minuteOf", TemporalPrecision.Minute, moment => moment.Minute),
        Part("secondOf", TemporalPrecision.Second, moment => moment.Second),
        Part("millisecondOf", TemporalPrecision.Fraction, moment => moment.Millisecond),
        Of("timezoneOffsetOf", moment => moment.OffsetMinutes is { } minutes ? FhirPathValue.Of(minutes / 60m) : default),
        Of("dateOf", moment => FhirPathValue.Of(moment.To(TemporalPrecision.Day) with { Kind = TemporalKind.Date })),
        Of("timeOf", moment => moment.Precision > TemporalPrecision.Day
            ? FhirPathValue.Of(moment with { Kind = TemporalKind.Time, Ticks = moment.Ticks % TimeSpan.TicksPerDay, OffsetMinutes = null })
            : default),
    ];

    private static Function Current(string name, Func<DateTimeOffset, Temporal> part) => Function.Collection(name, 0, 0, (evaluation, start, _) =>
    {
        evaluation.Truncate(start);
        var now = evaluation.Context.Now ?? throw FhirPathException.Execution($"{name}() needs to be told the time.");
        evaluation.Push(FhirPathValue.Of(part(now)));
    });

    private static Function Of(string name, Func<Temporal, FhirPathValue> compute) => Function.Scalar(name, 0, 0, (input, _) => input.IsTemporal
        ? compute(input.Temporal)
        : throw FhirPathException.Execution($"{name}() needs a date or time, not {input.TypeInfo}."));

    private static Function Part(string name, TemporalPrecision precision, Func<DateTime, int> part) =>
        Of(name, moment => moment.Precision >= precision ? FhirPathValue.Of(part(new DateTime(moment.Ticks))) : default);
}
