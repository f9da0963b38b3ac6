using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;

namespace EventFhir.Benchmarks.Measures;

/// <summary>Methods that another .NET process has compiled, by the counter of its own runtime: while they grow, what it runs is not yet what stays.</summary>
public sealed class CompilationMeter : IDisposable
{
    private readonly EventPipeSession session;
    private readonly Task reading;
    private long methods;
    private long seconds;

    public CompilationMeter(int processId)
    {
        var counters = new EventPipeProvider(
            "System.Runtime", EventLevel.Informational, 0, new Dictionary<string, string>(StringComparer.Ordinal) { ["EventCounterIntervalSec"] = "1" });
        session = new DiagnosticsClient(processId).StartEventPipeSession([counters], requestRundown: false);
        reading = Task.Run(Read);
    }

    /// <summary>As of the last whole second.</summary>
    public long Methods => Interlocked.Read(ref methods);

    /// <summary>How often the runtime has told so far; it does so once a second.</summary>
    public long Seconds => Interlocked.Read(ref seconds);

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
            if ((string)payload["Name"] != "methods-jitted-count") return;
            Interlocked.Exchange(ref methods, (long)(double)payload["Mean"]);
            Interlocked.Increment(ref seconds);
        };
        source.Process();
    }
}
