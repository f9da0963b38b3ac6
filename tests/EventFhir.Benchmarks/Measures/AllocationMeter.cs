using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;

namespace EventFhir.Benchmarks.Measures;

/// <summary>Bytes that another .NET process allocates per second, by the counter of its own runtime (no change to the program).</summary>
public sealed class AllocationMeter : IDisposable
{
    private readonly EventPipeSession session;
    private readonly Task reading;
    private readonly List<double> perSecond = [];

    public AllocationMeter(int processId)
    {
        var counters = new EventPipeProvider(
            "System.Runtime", EventLevel.Informational, 0, new Dictionary<string, string>(StringComparer.Ordinal) { ["EventCounterIntervalSec"] = "1" });
        session = new DiagnosticsClient(processId).StartEventPipeSession([counters], requestRundown: false);
        reading = Task.Run(Read);
    }

    /// <summary>Median of the whole seconds since the meter was made, without the first one, which is partial; 0 when there is none.</summary>
    public double BytesPerSecond()
    {
        lock (perSecond)
        {
            var whole = perSecond.Skip(1).Order().ToList();
            return whole.Count > 0 ? whole[whole.Count / 2] : 0;
        }
    }

    public void Dispose()
    {
        session.Stop();
        reading.Wait(TimeSpan.FromSeconds(5));
        session.Dispose();
    }

    private void Read()
    {
        using var source = new EventPipeEventSource(session.EventStream);
        source.Dynamic.All += traced =>
        {
            if (traced.EventName != "EventCounters") return;
            var payload = (IDictionary<string, object>)((IDictionary<string, object>)traced.PayloadValue(0))["Payload"];
            if ((string)payload["Name"] != "alloc-rate") return;
            lock (perSecond) perSecond.Add((double)payload["Increment"] / Convert.ToDouble(payload["IntervalSec"], System.Globalization.CultureInfo.InvariantCulture));
        };
        source.Process();
    }
}
