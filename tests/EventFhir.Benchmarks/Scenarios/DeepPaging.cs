using System.Diagnostics;
using EventFhir.Benchmarks.Load;
using EventFhir.Benchmarks.Report;
using EventFhir.Benchmarks.Searches;
using EventFhir.Core.Search.Indexing;
using Npgsql;

namespace EventFhir.Benchmarks.Scenarios;

/// <summary>
/// <c>search-page-deep</c>: eight clients read all pages of a common code, 100 resources each, against key-paged SQL; then one client alone, whose last
/// tenth of pages is compared with the first.
/// </summary>
public sealed class DeepPaging(Bench bench, RunReport report)
{
    private const int Clients = 8;
    private const string Code = "8867-4";
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(4);
    private static readonly string Path = $"/fhir/Observation?code=http://loinc.org%7C{Code}&_count=100";

    public async Task RunAsync(ProgramUnderTest server, NpgsqlDataSource database)
    {
        var workload = new FollowPages(Path, Clients);
        var trial = new Trial(server, workload, Clients, bench.Meter);
        trial.WarmUp(TimeSpan.FromSeconds(1.5));
        await trial.RunRoundAsync(Duration);
        var start = Stopwatch.GetTimestamp();
        var pages = (await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(() => ReadAsync(database, start))))).Sum();
        var baseline = pages / Stopwatch.GetElapsedTime(start).TotalSeconds;
        var growth = LastToFirst(server);
        var row = new SearchRow(
            "search-page-deep", trial.IsValid ? trial.PerSecond : null, Baseline: baseline, Efficiency: trial.PerSecond / baseline,
            AnswerBytes: trial.AnswerBytes, P50: trial.Latency.PercentileMs(0.5), P99: trial.Latency.PercentileMs(0.99),
            ServerCpu: trial.ServerMicroseconds, PostgresCpu: trial.PostgresMicroseconds,
            Note: FormattableString.Invariant($" {workload.Pages} pages; the last tenth takes {growth:0.00} of the first. {trial.FirstFault}"));
        report.Searches.Add(row);
        Console.Error.WriteLine(FormattableString.Invariant($"{row.Scenario}: {row.PerSecond:0}/s, B6 {row.Baseline:0}/s, {row.Efficiency * 100:0} %{row.Note}"));
    }

    /// <summary>Median time of the deepest tenth of the pages over that of the first tenth.</summary>
    private static double LastToFirst(ProgramUnderTest server)
    {
        var workload = new FollowPages(Path, clients: 1);
        using var generator = new LoadGenerator(server.Address, 1);
        var times = new List<List<double>>();
        for (var reading = 0; reading < 3; reading++)
        {
            var pages = new List<double>();
            do
            {
                var page = generator.RunClosed(workload, TimeSpan.Zero);
                pages.Add(page.Latency.Max);
            }
            while (!workload.IsAtStart);
            times.Add(pages);
        }
        var tenth = Math.Max(1, times[0].Count / 10);
        return Median(times.SelectMany(pages => pages.SkipLast(1).TakeLast(tenth))) / Median(times.SelectMany(pages => pages.Take(tenth)));
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    private static async Task<long> ReadAsync(NpgsqlDataSource database, long start)
    {
        await using var connection = await database.OpenConnectionAsync();
        var last = 0L;
        for (long pages = 0; ; pages++)
        {
            if (Stopwatch.GetElapsedTime(start) > Duration) return pages;
            await using var command = new NpgsqlCommand(BaselineSql.Named("terms-page"), connection);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Hashing.Term("code", TermForm.SystemCode, "http://loinc.org", Code) });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = last });
            await using var row = await command.ExecuteReaderAsync();
            var rows = 0;
            for (; await row.ReadAsync(); rows++)
            {
                last = row.GetInt64(1);
                row.GetFieldValue<byte[]>(2);
            }
            if (rows < 100) last = 0;
        }
    }
}
