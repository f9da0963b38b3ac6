using System.Diagnostics.Metrics;

namespace EventFhir.Postgres.Feed;

/// <summary>What the feed tells OpenTelemetry, under the name "EventFhir.Feed".</summary>
public static class FeedMetrics
{
    public const string Name = "EventFhir.Feed";
    private static readonly Meter Meter = new(Name);

    public static readonly Counter<long> Placed = Meter.CreateCounter<long>("eventfhir.feed.placed", "{event}", "Events that got their position.");

    public static readonly Histogram<double> PassDuration =
        Meter.CreateHistogram<double>("eventfhir.feed.pass.duration", "s", "A pass of the sequencer that placed something.");
}
