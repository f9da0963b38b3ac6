using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;

namespace EventFhir.Benchmarks.Measures;

/// <summary>One counter of the runtime of another .NET process, told once a second (no change to the program).</summary>
public sealed class RuntimeCounters : IDisposable
{
    private readonly EventPipeSession session;
    private readonly Task reading;

    /// <param name="name">For example "alloc-rate".</param>
    /// <param name="told">Gets the payload of the counter, on another thread.</param>
    public RuntimeCounters(int processId, string name, Action<IDictionary<string, object>> told)
    {
        var counters = new EventPipeProvider(
            "System.Runtime", EventLevel.Informational, 0, new Dictionary<string, string>(StringComparer.Ordinal) { ["EventCounterIntervalSec"] = "1" });
        session = new DiagnosticsClient(processId).StartEventPipeSession([counters], requestRundown: false);
        reading = Task.Run(() => Read(name, told));
    }

    public void Dispose()
    {
        session.Stop();
        reading.Wait(TimeSpan.FromSeconds(5));
        session.Dispose();
    }

    private void Read(string name, Action<IDictionary<string, object>> told)
    {
        using var source = new EventPipeEventSource(session.EventStream);
        source.Dynamic.All += traced =>
        {
            if (traced.EventName != "EventCounters") return;
            var payload = (IDictionary<string, object>)((IDictionary<string, object>)traced.PayloadValue(0))["Payload"];
            if ((string)payload["Name"] == name) told(payload);
        };
        source.Process();
    }
}
