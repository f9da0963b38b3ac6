using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics;
using EventFhir.Benchmarks.Load;
using EventFhir.Benchmarks.Measures;
using EventFhir.Benchmarks.Report;
using EventFhir.Benchmarks.Searches;
using Npgsql;

namespace EventFhir.Benchmarks.Scenarios;

/// <summary>
/// Each scenario of search: the server over HTTP and B6 by turns (A B A B), both with 32 connections, then the server in an open loop at half of
/// what it reached.
/// </summary>
public sealed class SearchRun(Bench bench, RunReport report, TimeSpan roundDuration, Func<string, bool> isWanted)
{
    private const int Connections = 32;
    private const int Rounds = 2;
    private const int CaseCount = 1_000;
    private const int ComparedCases = 50;
    private const int Seed = 20_240_131;
    private static readonly TimeSpan WarmUpDuration = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan ServerWarmUpMin = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan ServerWarmUpMax = TimeSpan.FromSeconds(120);

    /// <summary>Below so many in a second, the code that runs is taken for what stays.</summary>
    private const int CompiledMax = 5;

    /// <summary>Shorter, and one stall of the machine is the percentile.</summary>
    private const int OpenRounds = 4;

    public async Task RunAsync()
    {
        await using var database = BaselineDatabase("");
        var harvest = await Harvest.OfAsync(database, "Patient", "Observation", "Encounter", "MedicationRequest", "Organization");
        await using var server = await ProgramUnderTest.StartServerAsync(bench.ConnectionString);
        WarmUp(server, harvest);
        foreach (var scenario in SearchScenarios.All.Where(scenario => isWanted(scenario.Name)))
        {
            await using var free = BaselineDatabase("");
            await using var custom = BaselineDatabase("-c plan_cache_mode=force_custom_plan");
            var cases = Draw(scenario, harvest, CaseCount);
            var expected = new Dictionary<int, ImmutableArray<string>>();
            var baseline = new BaselineLoad(free, cases, Connections);
            for (var place = 0; place < ComparedCases; place++) expected[place] = await baseline.ExpectedAsync(cases[place]);
            // What the values are decides whether one plan serves all; the better one counts.
            var better = await BetterAsync(baseline, new BaselineLoad(custom, cases, Connections));
            await MeasureAsync(scenario.Name, server, new SearchRequests(cases, expected.ToFrozenDictionary()), better);
        }
        if (isWanted("search-page-deep")) await new DeepPaging(bench, report).RunAsync(server, database);
    }

    private static ImmutableArray<SearchCase> Draw(SearchScenario scenario, Harvest harvest, int count)
    {
        var random = new Random(Seed);
        return [.. Enumerable.Range(0, count).Select(_ => scenario.Draw(harvest, random))];
    }

    /// <summary>All kinds of searches, until the server's code is compiled as it stays.</summary>
    private static void WarmUp(ProgramUnderTest server, Harvest harvest)
    {
        ImmutableArray<SearchCase> cases = [.. SearchScenarios.All.SelectMany(scenario => Draw(scenario, harvest, 5))];
        var workload = new SearchRequests(cases, FrozenDictionary<int, ImmutableArray<string>>.Empty);
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

    private async Task MeasureAsync(string name, ProgramUnderTest server, Workload workload, BaselineLoad baseline)
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
        var searches = reached * Rounds * roundDuration.TotalSeconds;
        Add(new SearchRow(
            name, trial.PerSecond, trial.Spread, reached, trial.PerSecond / reached, trial.AnswerBytes,
            trial.Latency.PercentileMs(0.5), trial.Latency.PercentileMs(0.99), open.Latency.PercentileMs(0.5), open.Latency.PercentileMs(0.99),
            trial.ServerMicroseconds, trial.PostgresMicroseconds,
            baselineCpu.TotalMicroseconds / searches, trial.AllocatedBytes, open.FirstFault)
        {
            CpuShare = (baselineCpu + clientCpu).TotalMicroseconds / searches
                / (trial.ServerMicroseconds + trial.PostgresMicroseconds + trial.LoaderMicroseconds),
        });
    }

    private static async Task<BaselineLoad> BetterAsync(BaselineLoad free, BaselineLoad custom)
    {
        var (first, second) = (await free.RunAsync(WarmUpDuration), await custom.RunAsync(WarmUpDuration));
        return first >= second ? free : custom;
    }

    private NpgsqlDataSource BaselineDatabase(string options) => NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(bench.ConnectionString) { MaxPoolSize = Connections, MaxAutoPrepare = 60, Options = $"-c jit=off {options}" });

    private void Add(SearchRow row)
    {
        report.Searches.Add(row);
        Console.Error.WriteLine(FormattableString.Invariant(
            $"{row.Scenario}: {row.PerSecond:0}/s, B6 {row.Baseline:0}/s, {row.Efficiency * 100:0} % ({row.CpuShare * 100:0} % of CPU), CPU {row.ServerCpu:0} + {row.PostgresCpu:0} µs (B6 {row.BaselineCpu:0}), open p50 {row.OpenP50:0.00} p99 {row.OpenP99:0.0} ms{row.Note}"));
    }
}
