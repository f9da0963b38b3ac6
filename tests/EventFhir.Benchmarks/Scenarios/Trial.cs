using EventFhir.Benchmarks.Load;
using EventFhir.Benchmarks.Measures;

namespace EventFhir.Benchmarks.Scenarios;

/// <summary>The rounds of one scenario on one program.</summary>
public sealed class Trial(ProgramUnderTest program, Workload workload, int connections, Meter meter)
{
    private readonly List<LoadResult> rounds = [];
    private Cost cost = new(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, 0);

    public ProgramUnderTest Program => program;

    public Workload Workload => workload;

    public int Connections => connections;

    public Histogram Latency { get; } = new();

    public long Operations => rounds.Sum(static round => round.Operations);

    public bool IsValid => rounds.Count > 0 && rounds.TrueForAll(static round => round.IsValid);

    public string? FirstFault => rounds.Find(static round => round.FirstFault is not null)?.FirstFault;

    /// <summary>Median over the rounds.</summary>
    public double PerSecond => rounds.Select(static round => round.PerSecond).Order().ElementAt(rounds.Count / 2);

    /// <summary>Greatest less smallest round, as a share of the median.</summary>
    public double Spread => (rounds.Max(static round => round.PerSecond) - rounds.Min(static round => round.PerSecond)) / PerSecond;

    public double ServerMicroseconds => cost.ServerCpu.TotalMicroseconds / Operations;

    public double PostgresMicroseconds => cost.PostgresCpu.TotalMicroseconds / Operations;

    public double LoaderMicroseconds => cost.LoaderCpu.TotalMicroseconds / Operations;

    /// <summary>Mean length of an answer's body.</summary>
    public double AnswerBytes => (double)rounds.Sum(static round => round.AnswerBytes) / Operations;

    public double WalBytes => (double)cost.WalBytes / Operations;

    /// <summary>Allocated by the program per operation; null until measured.</summary>
    public double? AllocatedBytes { get; private set; }

    public void WarmUp(TimeSpan duration)
    {
        using var generator = new LoadGenerator(program.Address, connections);
        generator.RunClosed(workload, duration);
    }

    public async Task RunRoundAsync(TimeSpan duration)
    {
        using var generator = new LoadGenerator(program.Address, connections);
        var before = await meter.ReadAsync(program.ProcessId);
        var result = generator.RunClosed(workload, duration);
        cost += await meter.ReadAsync(program.ProcessId) - before;
        rounds.Add(result);
        Latency.Add(result.Latency);
    }

    public LoadResult RunOpen(double perSecond, TimeSpan duration)
    {
        using var generator = new LoadGenerator(program.Address, connections);
        return generator.RunOpen(workload, perSecond, duration);
    }

    /// <summary>A round of its own, because the runtime's counters cost a little.</summary>
    public void MeasureAllocation(TimeSpan duration)
    {
        using var allocation = new AllocationMeter(program.ProcessId);
        using var generator = new LoadGenerator(program.Address, connections);
        var result = generator.RunClosed(workload, duration);
        if (allocation.BytesPerSecond() is > 0 and var perSecond) AllocatedBytes = perSecond / result.PerSecond;
    }
}
