using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using EventFhir.Benchmarks.Load;
using EventFhir.Benchmarks.Report;
using EventFhir.Benchmarks.Searches;
using EventFhir.Benchmarks.Workloads;
using Npgsql;

namespace EventFhir.Benchmarks.Scenarios;

/// <summary>
/// <c>projection-rebuild</c>: all projections of the loaded data are dropped and made anew while 16 clients read, search and write; what these notice,
/// and whether everything is right afterwards. <c>projection-lag</c>: whether a search finds what was just acknowledged, and how far behind the
/// followers are while writes come in. Both leave what they wrote behind.
/// </summary>
public sealed class ProjectionRun(Bench bench, RunReport report, Func<string, bool> isWanted)
{
    private const int Readers = 12;
    private const int Writers = 4;
    private const int Probes = 500;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan Undisturbed = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    public async Task RunAsync()
    {
        await using var database = BaselineLoad.Connect(bench.ConnectionString, BaselinePlan.Free);
        var harvest = await SearchScenarios.HarvestAsync(database);
        await using var server = await ProgramUnderTest.StartServerAsync(bench.ConnectionString);
        if (isWanted("projection-rebuild")) await MeasureRebuildAsync(server, database, harvest);
        if (isWanted("projection-lag")) await MeasureLagAsync(server);
    }

    private async Task MeasureRebuildAsync(ProgramUnderTest server, NpgsqlDataSource database, Harvest harvest)
    {
        using var reading = new Clients(server, Readers, Reads(harvest));
        using var writing = new Clients(server, Writers, new CreateObservations());
        await Task.WhenAll(reading.RunAsync(WarmUp), writing.RunAsync(WarmUp));
        reading.Reset();
        writing.Reset();
        await Task.WhenAll(reading.RunAsync(Undisturbed), writing.RunAsync(Undisturbed));
        var (quietReads, quietWrites) = (reading.Reset(), writing.Reset());

        var events = await CountAsync(database);
        using var done = new CancellationTokenSource();
        var under = Task.WhenAll(reading.RunAsync(done.Token), writing.RunAsync(done.Token));
        var elapsed = await ProgramUnderTest.RunServerCommandAsync("rebuild", "--connection", bench.ConnectionString);
        await done.CancelAsync();
        await under;
        var (reads, writes) = (reading.Reset(), writing.Reset());
        var verdict = await VerdictAsync();

        Add(new Row(
            "projection-rebuild, 16 clients", "server", events / elapsed.TotalSeconds, Note: FormattableString.Invariant(
                $"{events} events in {elapsed.TotalSeconds:0.0} s; {reads.Failures + writes.Failures} errors {reads.FirstFault}{writes.FirstFault}; verify: {verdict}")));
        Add(RowOf("reads, undisturbed", quietReads));
        Add(RowOf("reads, meanwhile", reads) with
        {
            Note = FormattableString.Invariant($"p99 {reads.Latency.PercentileMs(0.99) / quietReads.Latency.PercentileMs(0.99):0.0} times the undisturbed"),
        });
        Add(RowOf("creates, undisturbed", quietWrites));
        Add(RowOf("creates, meanwhile", writes));
    }

    /// <summary>Searches of every kind, and a read by id for each.</summary>
    private static ByTurns Reads(Harvest harvest)
    {
        var searches = SearchScenarios.All.SelectMany(scenario => scenario.DrawAll(harvest, 5)).ToImmutableArray();
        var random = new Random(3);
        ImmutableArray<string> paths = [.. Enumerable.Range(0, 1_000).Select(_ => "/fhir/Observation/" + harvest.Id(random, "Observation"))];
        return new(new SearchRequests(searches, FrozenDictionary<int, ImmutableArray<string>>.Empty), new ReadTheSame(paths, AnswersOverTime.MayDiffer));
    }

    private async Task<string> VerdictAsync()
    {
        try
        {
            var elapsed = await ProgramUnderTest.RunServerCommandAsync("verify", "--connection", bench.ConnectionString);
            return FormattableString.Invariant($"clean, in {elapsed.TotalSeconds:0} s");
        }
        catch (InvalidOperationException exception)
        {
            return exception.Message;
        }
    }

    private static async Task<long> CountAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand("select count(*) from es.event");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task MeasureLagAsync(ProgramUnderTest server)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{server.Address}") };
        using var writing = new Clients(server, Writers, new CreateObservations());
        await writing.RunAsync(TimeSpan.FromSeconds(3));
        using var done = new CancellationTokenSource();
        var under = writing.RunAsync(done.Token);
        var lags = new Dictionary<string, (long Events, double Seconds)>(StringComparer.Ordinal);
        var looking = LookAsync(http, lags, done.Token);
        var (missing, visible) = (0, new Histogram());
        for (var probe = 0; probe < Probes; probe++)
        {
            var mark = Guid.NewGuid().ToString("N");
            using var body = new StringContent(
                $$$"""{"resourceType":"Basic","code":{"text":"lag"},"identifier":[{"system":"urn:bench","value":"{{{mark}}}"}]}""",
                Encoding.UTF8, "application/fhir+json");
            using var created = await http.PostAsync("/fhir/Basic", body);
            if (created.StatusCode != HttpStatusCode.Created) throw new InvalidOperationException($"{created.StatusCode}");
            var start = Stopwatch.GetTimestamp();
            var found = await http.GetFromJsonAsync<JsonElement>($"/fhir/Basic?identifier=urn:bench|{mark}&_summary=count");
            visible.Record(Stopwatch.GetElapsedTime(start).Ticks * 100);
            if (found.GetProperty("total").GetInt32() != 1) missing++;
        }
        await done.CancelAsync();
        await Task.WhenAll(under, looking);
        var perSecond = writing.Reset().PerSecond;
        Add(new Row(
            "projection-lag, search at once after a 201", "server", perSecond, P50: visible.PercentileMs(0.5), P99: visible.PercentileMs(0.99),
            Note: $"{missing} of {Probes} not found; the time is that of the search"));
        foreach (var (name, lag) in lags)
            Add(new Row(
                $"projection-lag, {name}", "server", perSecond,
                Max: lag.Seconds * 1e3, Note: FormattableString.Invariant($"at most {lag.Events} events behind while {Writers} clients write")));
    }

    /// <summary>The greatest lag of each follower, as the server tells it.</summary>
    private static async Task LookAsync(HttpClient http, Dictionary<string, (long Events, double Seconds)> lags, CancellationToken done)
    {
        while (!done.IsCancellationRequested)
        {
            var answer = await http.GetFromJsonAsync<JsonElement>("/admin/projections", CancellationToken.None);
            foreach (var projection in answer.GetProperty("projections").EnumerateArray())
            {
                var name = projection.GetProperty("name").GetString()!;
                var (events, seconds) = lags.GetValueOrDefault(name);
                lags[name] = (
                    Math.Max(events, projection.GetProperty("lagEvents").GetInt64()), Math.Max(seconds, projection.GetProperty("lagSeconds").GetDouble()));
            }
            await Task.Delay(LookInterval, done).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    private static Row RowOf(string name, LoadResult result) => new(
        $"projection-rebuild, {name}", "server", result.PerSecond, P50: result.Latency.PercentileMs(0.5), P99: result.Latency.PercentileMs(0.99),
        P999: result.Latency.PercentileMs(0.999), Max: result.Latency.Max / 1e6,
        Note: result.Failures == 0 ? null : $"{result.Failures} errors: {result.FirstFault}");

    private void Add(Row row)
    {
        report.Rows.Add(row);
        Console.Error.WriteLine(FormattableString.Invariant($"{row.Scenario}: {row.PerSecond:0}/s, p50 {row.P50:0.0} p99 {row.P99:0.0} max {row.Max:0} ms; {row.Note}"));
    }

    /// <summary>Some connections in a closed loop, on a thread of their own.</summary>
    private sealed class Clients(ProgramUnderTest server, int count, Workload workload) : IDisposable
    {
        private readonly LoadGenerator generator = new(server.Address, count);
        private readonly List<LoadResult> rounds = [];

        public Task RunAsync(TimeSpan duration) => Task.Run(() => rounds.Add(generator.RunClosed(workload, duration)));

        public Task RunAsync(CancellationToken done) => Task.Run(
            () =>
            {
                do rounds.Add(generator.RunClosed(workload, TimeSpan.FromSeconds(1)));
                while (!done.IsCancellationRequested);
            },
            CancellationToken.None);

        /// <summary>What was measured since the last time.</summary>
        public LoadResult Reset()
        {
            var latency = new Histogram();
            foreach (var round in rounds) latency.Add(round.Latency);
            var total = new LoadResult(
                rounds.Sum(static round => round.Operations), rounds.Sum(static round => round.Failures),
                TimeSpan.FromTicks(rounds.Sum(static round => round.Elapsed.Ticks)), latency,
                rounds.Find(static round => round.FirstFault is not null)?.FirstFault, rounds.Sum(static round => round.AnswerBytes));
            rounds.Clear();
            return total;
        }

        public void Dispose() => generator.Dispose();
    }
}
