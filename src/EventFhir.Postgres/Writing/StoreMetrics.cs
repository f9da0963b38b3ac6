using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace EventFhir.Postgres.Writing;

/// <summary>What the writer lanes tell OpenTelemetry, under the name "EventFhir.Postgres".</summary>
public static class StoreMetrics
{
    public const string Name = "EventFhir.Postgres";
    internal static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    internal static readonly Histogram<int> BatchGroups =
        Meter.CreateHistogram<int>("eventfhir.write.batch.groups", "{group}", "Groups committed together.");

    internal static readonly Histogram<double> BatchDuration =
        Meter.CreateHistogram<double>("eventfhir.write.batch.duration", "s", "From sending a batch to its commit.");

    internal static readonly Histogram<double> QueueDuration =
        Meter.CreateHistogram<double>("eventfhir.write.queue.duration", "s", "How long a group waited for its batch.");

    internal static readonly Counter<long> Retries =
        Meter.CreateCounter<long>("eventfhir.write.retries", "{batch}", "Batches sent again, by reason.");
}
