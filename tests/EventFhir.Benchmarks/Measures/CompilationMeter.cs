namespace EventFhir.Benchmarks.Measures;

/// <summary>Methods that another .NET process has compiled, by the counter of its own runtime: while they grow, what it runs is not yet what stays.</summary>
public sealed class CompilationMeter : IDisposable
{
    private readonly RuntimeCounters counters;
    private long methods;
    private long seconds;

    public CompilationMeter(int processId) => counters = new RuntimeCounters(processId, "methods-jitted-count", payload =>
    {
        Interlocked.Exchange(ref methods, (long)(double)payload["Mean"]);
        Interlocked.Increment(ref seconds);
    });

    /// <summary>As of the last whole second.</summary>
    public long Methods => Interlocked.Read(ref methods);

    /// <summary>How often the runtime has told so far; it does so once a second.</summary>
    public long Seconds => Interlocked.Read(ref seconds);

    public void Dispose() => counters.Dispose();
}
