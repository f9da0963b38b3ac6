using System.Globalization;

namespace EventFhir.Server.Cli;

/// <summary>Tells every few seconds how far a long command has come, one line at a time.</summary>
internal sealed class CountLines(TextWriter screen, string what, TimeProvider time) : IProgress<long>
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private readonly Lock gate = new();
    private long shownAt = time.GetTimestamp();

    public void Report(long value)
    {
        lock (gate)
        {
            if (time.GetElapsedTime(shownAt) < Interval) return;
            shownAt = time.GetTimestamp();
            screen.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{value:N0} {what} …"));
        }
    }
}
