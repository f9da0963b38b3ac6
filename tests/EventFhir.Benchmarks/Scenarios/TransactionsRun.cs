using System.Diagnostics;
using System.Globalization;
using EventFhir.Benchmarks.Baselines;
using EventFhir.Benchmarks.Data;
using EventFhir.Benchmarks.Report;
using Npgsql;

namespace EventFhir.Benchmarks.Scenarios;

/// <summary>Transactions over HTTP, each once per round: new resources every time, since all are created. Figures are per resource.</summary>
public sealed class TransactionsRun(Bench bench, SampleBundles bundles, SampleBundles? big, RunReport report)
{
    private const int WarmUpBundles = 10;
    private const int Rounds = 3;
    private static readonly int[] Connections = [1, 8, 20];

    public async Task RunAsync()
    {
        var baseline = await BaselineAsync();
        await using var server = await ProgramUnderTest.StartServerAsync(await bench.NewDatabaseAsync("transactions"));
        using var sender = new BundleSender(server.Address);
        foreach (var bundle in bundles.First) await sender.PostAsync(bundle);
        foreach (var bundle in bundles.Bundles.Take(WarmUpBundles)) await sender.PostAsync(bundle);
        foreach (var connections in Connections)
        {
            var rounds = new List<Row>();
            for (var round = 0; round < Rounds; round++)
            {
                await bench.CheckpointAsync();
                rounds.Add(await MeasureAsync(sender, server, bundles, connections, baseline));
            }

            var median = rounds.OrderBy(row => row.PerSecond).ElementAt(Rounds / 2);
            Add(median with { Spread = (rounds.Max(row => row.PerSecond) - rounds.Min(row => row.PerSecond)) / median.PerSecond });
        }

        if (big is null) return;
        foreach (var bundle in big.First) await sender.PostAsync(bundle);
        Add(await MeasureAsync(sender, server, big, 1, baseline) with
        {
            Scenario = $"tx-big, {big.Bundles.Sum(bundle => bundle.Entries)} entries", Note = $"peak memory of the server {PeakMegabytes(server)} MB",
        });
    }

    /// <summary>B3 of the same resources, at its best number of connections.</summary>
    private async Task<double> BaselineAsync()
    {
        await using var database = NpgsqlDataSource.Create(await bench.NewDatabaseAsync("baselines"));
        var sql = new SqlBaselines(database, bundles.Resources);
        Add(new Row("B4 copy into event table, 1", "SQL", await sql.CopyAsync()));
        var perSecond = await sql.InsertEventsAsync(8);
        Add(new Row("B3 100 events per commit, 8", "SQL", perSecond));
        return perSecond;
    }

    private async Task<Row> MeasureAsync(BundleSender sender, ProgramUnderTest server, SampleBundles sent, int connections, double baseline)
    {
        var before = await bench.Meter.ReadAsync(server.ProcessId);
        var (next, started) = (-1, Stopwatch.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var place && place < sent.Bundles.Length) await sender.PostAsync(sent.Bundles[place]);
        })));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var cost = await bench.Meter.ReadAsync(server.ProcessId) - before;
        double resources = sent.Bundles.Sum(bundle => bundle.Entries);
        return new Row(
            string.Create(CultureInfo.InvariantCulture, $"tx-synthea, {connections}"), server.Name, resources / seconds, Against: "B3 100 events per commit, 8",
            Efficiency: resources / seconds / baseline, ServerCpu: cost.ServerCpu.TotalMicroseconds / resources,
            PostgresCpu: cost.PostgresCpu.TotalMicroseconds / resources, LoaderCpu: cost.LoaderCpu.TotalMicroseconds / resources,
            WalBytes: cost.WalBytes / resources);
    }

    private static long PeakMegabytes(ProgramUnderTest server)
    {
        var line = File.ReadLines($"/proc/{server.ProcessId}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    private void Add(Row row)
    {
        report.Rows.Add(row);
        Console.Error.WriteLine(FormattableString.Invariant($"{row.Scenario} {row.Program}: {row.PerSecond:0}/s {row.Note}"));
    }
}
