using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics;
using EventFhir.Benchmarks.Load;
using EventFhir.Benchmarks.Measures;
using EventFhir.Benchmarks.Report;
using EventFhir.Benchmarks.Searches;
using EventFhir.Benchmarks.Workloads;
using Npgsql;

namespace EventFhir.Benchmarks.Scenarios;

/// <summary>
/// Each scenario of search: the server over HTTP and B6 by turns (A B A B), both with 32 connections, then the server in an open loop at half of
/// what it reached.
/// </summary>
public sealed class SearchRun(Bench bench, RunReport report, TimeSpan roundDuration, ImmutableArray<string> only)
{
    private const int Connections = 32;
    private const int Rounds = 2;
    private const int FloorCount = 1_000;
    private const int AloneCount = 300;
    private const int ComparedCases = 50;
    private static readonly TimeSpan WarmUpDuration = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan ServerWarmUpMin = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan ServerWarmUpMax = TimeSpan.FromSeconds(120);

    /// <summary>Below so many in a second, the code that runs is taken for what stays.</summary>
    private const int CompiledMax = 5;

    /// <summary>Shorter, and one stall of the machine is the percentile.</summary>
    private const int OpenRounds = 4;

    private bool IsWanted(string scenario) => only.IsEmpty || IsAsked(scenario);

    private bool IsAsked(string scenario) => only.Contains(scenario, StringComparer.Ordinal);

    public async Task RunAsync()
    {
        await using var database = BaselineLoad.Connect(bench.ConnectionString, BaselinePlan.Free);
        var harvest = await SearchScenarios.HarvestAsync(database);
        await using var server = await ProgramUnderTest.StartServerAsync(bench.ConnectionString);
        WarmUp(server, harvest);
        await using var floor = await ProgramUnderTest.StartSearchFloorAsync(bench.ConnectionString);
        foreach (var scenario in SearchScenarios.All.Where(scenario => IsWanted(scenario.Name)))
        {
            await using var free = BaselineLoad.Connect(bench.ConnectionString, BaselinePlan.Free);
            await using var custom = BaselineLoad.Connect(bench.ConnectionString, BaselinePlan.Custom);
            var cases = scenario.DrawAll(harvest);
            var expected = new Dictionary<int, ImmutableArray<string>>();
            var baseline = new BaselineLoad(free, BaselinePlan.Free, cases, Connections);
            for (var place = 0; place < ComparedCases; place++) expected[place] = await baseline.ExpectedAsync(cases[place]);
            // What the values are decides whether one plan serves all; the better one counts.
            var better = await BetterAsync(baseline, new BaselineLoad(custom, BaselinePlan.Custom, cases, Connections));
            await MeasureAsync(scenario.Name, server, floor, new SearchRequests(cases, expected.ToFrozenDictionary()), better);
        }
        if (IsWanted("search-page-deep")) await new DeepPaging(bench, report).RunAsync(server, database);
        if (IsAsked("custom-parameter")) await new CustomParameterRun(bench, report).RunAsync(server, Warming(harvest));
    }

    private static ImmutableArray<SearchCase> Warming(Harvest harvest) =>
        [.. SearchScenarios.All.SelectMany(scenario => scenario.DrawAll(harvest, 5))];

    /// <summary>All kinds of searches, until the server's code is compiled as it stays.</summary>
    private static void WarmUp(ProgramUnderTest server, Harvest harvest)
    {
        var workload = new SearchRequests(Warming(harvest), FrozenDictionary<int, ImmutableArray<string>>.Empty);
        using var generator = new LoadGenerator(server.Address, Connections);
        generator.RunClosed(workload, ServerWarmUpMin);
        var start = Stopwatch.GetTimestamp();
        using (var compilation = new CompilationMeter(server.ProcessId))
        {
            for (var (methods, seconds) = (0L, 0L); Stopwatch.GetElapsedTime(start) < ServerWarmUpMax;)
            {
                generator.RunClosed(workload, TimeSpan.FromSeconds(1));
                if (compilation.Seconds == seconds) continue;
                if (compilation.Methods - methods < CompiledMax) break;
                (methods, seconds) = (compilation.Methods, compilation.Seconds);
            }
        }
        Console.Error.WriteLine(FormattableString.Invariant(
            $"Warmed up in {(ServerWarmUpMin + Stopwatch.GetElapsedTime(start)).TotalSeconds:0} s"));
    }

    private async Task MeasureAsync(string name, ProgramUnderTest server, ProgramUnderTest floor, Workload workload, BaselineLoad baseline)
    {
        var trial = new Trial(server, workload, Connections, bench.Meter);
        trial.WarmUp(WarmUpDuration);
        var perSecond = new List<double>();
        var (baselineCpu, clientCpu) = (TimeSpan.Zero, TimeSpan.Zero);
        for (var round = 0; round < Rounds; round++)
        {
            await trial.RunRoundAsync(roundDuration);
            var before = await bench.Meter.ReadAsync(serverId: null);
            perSecond.Add(await baseline.RunAsync(roundDuration));
            var cost = await bench.Meter.ReadAsync(serverId: null) - before;
            baselineCpu += cost.PostgresCpu;
            clientCpu += cost.LoaderCpu;
        }
        var reached = perSecond.Average();
        if (!trial.IsValid)
        {
            Add(new SearchRow(name, null, Baseline: reached, Note: $" no figure: {trial.FirstFault}"));
            return;
        }
        trial.MeasureAllocation(TimeSpan.FromSeconds(3.2));
        var open = trial.RunOpen(trial.PerSecond / 2, roundDuration * OpenRounds);
        var (floorPerSecond, floorOpen) = await MeasureFloorAsync(floor, new FloorSearches(name, baseline.Plan, FloorCount));
        var alone = AloneTimes.Of(server.Address, workload, AloneCount);
        var searches = reached * Rounds * roundDuration.TotalSeconds;
        Add(new SearchRow(
            name, trial.PerSecond, trial.Spread, reached, trial.PerSecond / reached, trial.AnswerBytes,
            trial.Latency.PercentileMs(0.5), trial.Latency.PercentileMs(0.99), open.Latency.PercentileMs(0.5), open.Latency.PercentileMs(0.99),
            trial.ServerMicroseconds, trial.PostgresMicroseconds,
            baselineCpu.TotalMicroseconds / searches, trial.AllocatedBytes, open.FirstFault)
        {
            FloorPerSecond = floorPerSecond,
            FloorP50 = floorOpen.PercentileMs(0.5),
            FloorP99 = floorOpen.PercentileMs(0.99),
            AloneP50 = alone.Times.PercentileMs(0.5),
            AloneP99 = alone.Times.PercentileMs(0.99),
            Total = alone.Total,
            CpuShare = (baselineCpu + clientCpu).TotalMicroseconds / searches
                / (trial.ServerMicroseconds + trial.PostgresMicroseconds + trial.LoaderMicroseconds),
        });
    }

    /// <summary>B6 behind Kestrel, in the same open loop at half of what it reaches itself.</summary>
    private async Task<(double PerSecond, Histogram Open)> MeasureFloorAsync(ProgramUnderTest floor, Workload workload)
    {
        var trial = new Trial(floor, workload, Connections, bench.Meter);
        trial.WarmUp(WarmUpDuration);
        await trial.RunRoundAsync(roundDuration);
        if (!trial.IsValid) throw new InvalidDataException($"The floor fails: {trial.FirstFault}");
        return (trial.PerSecond, trial.RunOpen(trial.PerSecond / 2, roundDuration * OpenRounds).Latency);
    }

    private static async Task<BaselineLoad> BetterAsync(BaselineLoad free, BaselineLoad custom)
    {
        var (first, second) = (await free.RunAsync(WarmUpDuration), await custom.RunAsync(WarmUpDuration));
        return first >= second ? free : custom;
    }

    private void Add(SearchRow row)
    {
        report.Searches.Add(row);
        Console.Error.WriteLine(FormattableString.Invariant(
            $"{row.Scenario}: {row.PerSecond:0}/s, B6 {row.Baseline:0}/s, {row.Efficiency * 100:0} % ({row.CpuShare * 100:0} % of CPU), CPU {row.ServerCpu:0} + {row.PostgresCpu:0} µs (B6 {row.BaselineCpu:0})")
            + FormattableString.Invariant(
                $", open p50 {row.OpenP50:0.00} p99 {row.OpenP99:0.0} ms, of the floor {row.FloorP50:0.00} and {row.FloorP99:0.0}, alone {row.AloneP50:0.00} and {row.AloneP99:0.0}{row.Note}"));
    }
}
