using EventFhir.Benchmarks.Scenarios;

namespace EventFhir.Benchmarks.Report;

/// <summary>One line of the table. Times are milliseconds, CPU is microseconds per operation, the rest bytes per operation.</summary>
public sealed record Row(
    string Scenario,
    string Program,
    double? PerSecond,
    double? Spread = null,
    string? Against = null,
    double? Efficiency = null,
    double? P50 = null,
    double? P99 = null,
    double? P999 = null,
    double? Max = null,
    double? ServerCpu = null,
    double? PostgresCpu = null,
    double? LoaderCpu = null,
    double? WalBytes = null,
    double? AllocatedBytes = null,
    string? Note = null)
{
    public static Row Of(string scenario, Trial trial, string? against, double? baseline)
    {
        if (!trial.IsValid) return new Row(scenario, trial.Program.Name, null, Note: $"no figure: {trial.FirstFault}");
        return new Row(
            scenario, trial.Program.Name, trial.PerSecond, trial.Spread, against, trial.PerSecond / baseline,
            trial.Latency.PercentileMs(0.5), trial.Latency.PercentileMs(0.99), trial.Latency.PercentileMs(0.999), trial.Latency.Max / 1e6,
            trial.ServerMicroseconds, trial.PostgresMicroseconds, trial.LoaderMicroseconds, trial.WalBytes, trial.AllocatedBytes);
    }
}
