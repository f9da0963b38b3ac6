namespace EventFhir.Benchmarks.Report;

/// <summary>One scenario of <c>bench search</c>. Times are milliseconds, CPU is microseconds per search.</summary>
/// <param name="Baseline">B6 per second: the same searches as hand-written SQL.</param>
/// <param name="AnswerBytes">Mean length of an answer's body.</param>
/// <param name="OpenP50">At half the greatest throughput, counted from when each request was due.</param>
/// <param name="BaselineCpu">Of PostgreSQL, for one search of B6.</param>
public sealed record SearchRow(
    string Scenario,
    double? PerSecond,
    double? Spread = null,
    double? Baseline = null,
    double? Efficiency = null,
    double? AnswerBytes = null,
    double? P50 = null,
    double? P99 = null,
    double? OpenP50 = null,
    double? OpenP99 = null,
    double? ServerCpu = null,
    double? PostgresCpu = null,
    double? BaselineCpu = null,
    double? AllocatedBytes = null,
    string? Note = null)
{
    /// <summary>B6 over HTTP (<see cref="Floor.SearchFloor"/>): its throughput, and its latency in the open loop at half of that.</summary>
    public double? FloorPerSecond { get; init; }

    public double? FloorP50 { get; init; }

    public double? FloorP99 { get; init; }

    /// <summary>Over the searches of the scenario, each asked alone: what differs is the searches.</summary>
    public double? AloneP50 { get; init; }

    public double? AloneP99 { get; init; }

    /// <summary>Mean of Bundle.total; null where none is given.</summary>
    public double? Total { get; init; }

    /// <summary>CPU of B6, its client included, as a share of ours with server and loader: what the efficiency would be if nobody else were at work.</summary>
    public double? CpuShare { get; init; }
}
