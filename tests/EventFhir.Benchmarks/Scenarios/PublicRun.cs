using System.Diagnostics;
using System.Globalization;
using EventFhir.Benchmarks.Baselines;
using EventFhir.Benchmarks.Data;
using EventFhir.Benchmarks.Report;
using EventFhir.Benchmarks.Workloads;
using Npgsql;

namespace EventFhir.Benchmarks.Scenarios;

/// <summary>
/// What the public benchmark of Health Samurai measures, with bodies of our own: hs-crud and hs-import. Its searches are a scenario of bench search.
/// </summary>
public sealed class PublicRun(Bench bench, SampleBundles bundles, RunReport report, Func<string, bool> isWanted, TimeSpan duration)
{
    private const int ImportConnections = 20;
    private const int WarmUpBundles = 10;

    /// <summary>So that the baseline reads a table and not one page.</summary>
    private const int CopiesOfRecord = 1_000;

    private const int BaselineConnections = 32;
    private const int Rounds = 3;
    private static readonly TimeSpan WarmUpDuration = TimeSpan.FromSeconds(3);
    private static readonly int[] CrudConnections = [32, 300];

    public async Task RunAsync()
    {
        if (isWanted("hs-crud")) await MeasureCrudAsync();
        if (isWanted("hs-import")) await MeasureImportAsync();
    }

    private async Task MeasureCrudAsync()
    {
        var record = CrudRecord.Of(bundles.Resources);
        var baseline = await CrudBaselineAsync(record);
        foreach (var connections in CrudConnections)
        {
            var database = await bench.NewDatabaseAsync(string.Create(CultureInfo.InvariantCulture, $"crud_{connections}"));
            await using var server = await ProgramUnderTest.StartServerAsync(database);
            var workload = new CreateReadUpdateDelete(record);
            var trial = new Trial(server, workload, connections, bench.Meter);
            trial.WarmUp(WarmUpDuration);
            workload.ForgetLatencies();
            await bench.CheckpointAsync();
            for (var round = 0; round < Rounds; round++) await trial.RunRoundAsync(duration / Rounds);
            var name = string.Create(CultureInfo.InvariantCulture, $"hs-crud, {connections}");
            Add(Row.Of(name, trial, "0.25 B1 + 0.75 B2b (goal 30 %)", baseline));
            if (!trial.IsValid) continue;
            foreach (var operation in Enum.GetValues<CrudOperation>())
            {
                var latency = workload.Latencies[(int)operation];
                Add(new Row(
                    $"{name}: {operation.ToString().ToLowerInvariant()}", server.Name, trial.PerSecond * latency.Count / trial.Operations,
                    P50: latency.PercentileMs(0.5), P99: latency.PercentileMs(0.99), P999: latency.PercentileMs(0.999), Max: latency.Max / 1e6));
            }
        }
    }

    /// <summary>A quarter of the requests read, the others write; each waits for the one before, so that the times add.</summary>
    private async Task<double> CrudBaselineAsync(CrudRecord record)
    {
        var copies = Enumerable.Range(0, CopiesOfRecord).SelectMany(
            copy => record.Resources.Select(resource => resource with { Id = string.Create(CultureInfo.InvariantCulture, $"{resource.Id}-{copy}") }));
        await using var database = NpgsqlDataSource.Create(await bench.NewDatabaseAsync("baselines_crud"));
        var sql = new SqlBaselines(database, new SampleData("hs-crud", [.. copies]));
        await sql.CopyAsync();
        var (reads, writes) = (await sql.SelectByKeyAsync(BaselineConnections), await sql.InsertEventAndHeadAsync(BaselineConnections));
        Add(new Row("B1 select by key, 32", "SQL", reads));
        Add(new Row("B2b event and head, 32", "SQL", writes));
        return 1 / ((0.25 / reads) + (0.75 / writes));
    }

    private async Task MeasureImportAsync()
    {
        var baseline = await ImportBaselineAsync();
        await using var server = await ProgramUnderTest.StartServerAsync(await bench.NewDatabaseAsync("import"));
        using var sender = new BundleSender(server.Address);
        foreach (var bundle in bundles.First) await sender.PostAsync(bundle);
        foreach (var bundle in bundles.Bundles.Take(WarmUpBundles)) await sender.PostAsync(bundle);
        await bench.CheckpointAsync();
        var before = await bench.Meter.ReadAsync(server.ProcessId);
        var (next, resources, sent, started) = (-1, 0L, 0L, Stopwatch.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, ImportConnections).Select(_ => Task.Run(async () =>
        {
            // The same bundles again and again: each makes resources of its own.
            while (Stopwatch.GetElapsedTime(started) < duration)
            {
                var bundle = bundles.Bundles[Interlocked.Increment(ref next) % bundles.Bundles.Length];
                await sender.PostAsync(bundle);
                Interlocked.Add(ref resources, bundle.Entries);
                Interlocked.Increment(ref sent);
            }
        })));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var cost = await bench.Meter.ReadAsync(server.ProcessId) - before;
        Add(new Row(
            "hs-import, 20: resources", server.Name, resources / seconds, Against: "B3 100 events per commit, 8 (goal 25 %)",
            Efficiency: resources / seconds / baseline, ServerCpu: cost.ServerCpu.TotalMicroseconds / resources,
            PostgresCpu: cost.PostgresCpu.TotalMicroseconds / resources, LoaderCpu: cost.LoaderCpu.TotalMicroseconds / resources,
            WalBytes: (double)cost.WalBytes / resources));
        Add(new Row("hs-import, 20: bundles", server.Name, sent / seconds, Note: string.Create(
            CultureInfo.InvariantCulture, $"{resources / (double)sent:0} resources each")));
    }

    private async Task<double> ImportBaselineAsync()
    {
        await using var database = NpgsqlDataSource.Create(await bench.NewDatabaseAsync("baselines_import"));
        var sql = new SqlBaselines(database, bundles.Resources);
        await sql.CopyAsync();
        var perSecond = await sql.InsertEventsAsync(8);
        Add(new Row("B3 100 events per commit, 8", "SQL", perSecond));
        return perSecond;
    }

    private void Add(Row row)
    {
        report.Rows.Add(row);
        Console.Error.WriteLine(FormattableString.Invariant($"{row.Scenario} {row.Program}: {row.PerSecond:0}/s {row.Note}"));
    }
}
