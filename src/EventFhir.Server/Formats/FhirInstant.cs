using System.Globalization;

namespace EventFhir.Server.Formats;

/// <summary>Instants and date-times as they stand in URLs and resources (R4 datatypes.html#instant, #dateTime).</summary>
public static class FhirInstant
{
    private const string Milliseconds = "yyyy-MM-ddTHH:mm:ss.fff'Z'";

    private static readonly string[] Formats =
    [
        "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK", "yyyy-MM-ddTHH:mmK", "yyyy-MM-dd", "yyyy-MM", "yyyy",
    ];

    public static string Write(DateTimeOffset instant) => instant.UtcDateTime.ToString(Milliseconds, CultureInfo.InvariantCulture);

    /// <summary>Reads a date-time of any precision as the period it stands for: from Low (inclusive) to High (exclusive). No zone means
    /// UTC.</summary>
    public static bool TryParsePeriod(string text, out DateTimeOffset low, out DateTimeOffset high)
    {
        // A "+" of a zone that was not encoded arrives as a space.
        var ok = DateTimeOffset.TryParseExact(
            text.Replace(' ', '+'), Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out low);
        high = !ok ? low : text.Length switch
        {
            4 => Add(low, years: 1, months: 0),
            7 => Add(low, years: 0, months: 1),
            10 => Add(low, TimeSpan.FromDays(1)),
            _ => Add(low, SpanOf(text)),
        };
        return ok;
    }

    // 2026-11-21T08:00 is a minute, :00 a second, :00.5 a tenth of a second, and so on.
    private static TimeSpan SpanOf(string text)
    {
        var time = text.AsSpan(text.IndexOf('T') + 1);
        var zone = time.IndexOfAny("Z+- ");
        if (zone >= 0) time = time[..zone];
        var point = time.IndexOf('.');
        if (point < 0) return time.Length > 5 ? TimeSpan.FromSeconds(1) : TimeSpan.FromMinutes(1);
        var ticks = TimeSpan.TicksPerSecond;
        for (var digits = time.Length - point - 1; digits > 0 && ticks > 1; digits--) ticks /= 10;
        return TimeSpan.FromTicks(ticks);
    }

    private static DateTimeOffset Add(DateTimeOffset low, TimeSpan span) =>
        DateTimeOffset.MaxValue - low > span ? low + span : DateTimeOffset.MaxValue;

    private static DateTimeOffset Add(DateTimeOffset low, int years, int months) =>
        low.Year >= 9999 ? DateTimeOffset.MaxValue : low.AddYears(years).AddMonths(months);
}
