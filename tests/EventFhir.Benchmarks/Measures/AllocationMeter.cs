using System.Globalization;

namespace EventFhir.Benchmarks.Measures;

/// <summary>Bytes that another .NET process allocates per second, by the counter of its own runtime (no change to the program).</summary>
public sealed class AllocationMeter : IDisposable
{
    private readonly List<double> perSecond = [];
    private readonly RuntimeCounters counters;

    public AllocationMeter(int processId) => counters = new RuntimeCounters(processId, "alloc-rate", payload =>
    {
        var rate = (double)payload["Increment"] / Convert.ToDouble(payload["IntervalSec"], CultureInfo.InvariantCulture);
        lock (perSecond) perSecond.Add(rate);
    });

    /// <summary>Median of the whole seconds since the meter was made, without the first one, which is partial; 0 when there is none.</summary>
    public double BytesPerSecond()
    {
        lock (perSecond)
        {
            var whole = perSecond.Skip(1).Order().ToList();
            return whole.Count > 0 ? whole[whole.Count / 2] : 0;
        }
    }

    public void Dispose() => counters.Dispose();
}
