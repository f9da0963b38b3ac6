using System.Diagnostics;
using EventFhir.Benchmarks.Data;
using EventFhir.Benchmarks.Measures;
using EventFhir.Benchmarks.Report;
using EventFhir.Benchmarks.Scenarios;

namespace EventFhir.Benchmarks.Commands;

/// <summary><c>bench quick</c>, <c>bench changes</c>, <c>bench transactions</c> and <c>bench public</c>.</summary>
public static class QuickCommand
{
    private const int Seed = 20_240_131;
    private const int PatientsDefault = 400;

    /// <summary>Five times as many: an import of the others is over before its start has ceased to matter.</summary>
    private const int PatientsLarge = 2_000;

    private const int PublicSecondsDefault = 30;

    public static SampleData DataOf(Options options) => options.Text("data") is { } folder
        ? SampleData.ReadFolder(folder)
        : SampleData.Synthetic(Seed, (int)options.Number("patients", PatientsDefault));

    public static Task<int> RunAsync(Options options) =>
        RunAsync(options, (bench, data, report, isWanted) => new QuickRun(bench, data, LargeDataOf(options), report, isWanted).RunAsync());

    /// <summary>Null if the user chose the data.</summary>
    private static Func<SampleData>? LargeDataOf(Options options) => options.Text("data") is null && options.Text("patients") is null
        ? static () => SampleData.Synthetic(Seed, PatientsLarge)
        : null;

    public static Task<int> RunChangesAsync(Options options) =>
        RunAsync(options, static (bench, data, report, isWanted) => new ChangesRun(bench, data, report, isWanted).RunAsync());

    public static Task<int> RunFeedAsync(Options options) =>
        RunAsync(options, static (bench, data, report, isWanted) => new FeedRun(bench, data, report, isWanted).RunAsync());

    /// <summary>Transactions of synthetic patients, or those in a folder of Bundles.</summary>
    public static Task<int> RunTransactionsAsync(Options options)
    {
        var bundles = options.Text("bundles") is { } folder ? SampleBundles.ReadFolder(folder) : SampleBundles.Of(DataOf(options));
        var big = options.Text("big") is { } other ? SampleBundles.ReadFolder(other) : null;
        return RunAsync(options, bundles.Resources, (bench, _, report, _) => new TransactionsRun(bench, bundles, big, report).RunAsync());
    }

    /// <summary>On synthetic patients, or those in a folder of Bundles.</summary>
    public static Task<int> RunPublicAsync(Options options)
    {
        var bundles = options.Text("bundles") is { } folder ? SampleBundles.ReadFolder(folder) : SampleBundles.Of(DataOf(options));
        var duration = TimeSpan.FromSeconds(options.Number("seconds", PublicSecondsDefault));
        return RunAsync(
            options, bundles.Resources, (bench, _, report, isWanted) => new PublicRun(bench, bundles, report, isWanted, duration).RunAsync());
    }

    private static Task<int> RunAsync(Options options, Func<Bench, SampleData, RunReport, Func<string, bool>, Task> run) =>
        RunAsync(options, DataOf(options), run);

    private static async Task<int> RunAsync(Options options, SampleData data, Func<Bench, SampleData, RunReport, Func<string, bool>, Task> run)
    {
        var start = Stopwatch.GetTimestamp();
        var only = options.Text("only")?.Split(',');
        await using var bench = await Bench.StartAsync();
        var report = new RunReport(
            DateTimeOffset.UtcNow, Machine.Describe(), Machine.Load(), data.Name, data.Resources.Length, data.Bytes, await bench.SettingsAsync());
        await run(bench, data, report, scenario => only?.Contains(scenario, StringComparer.Ordinal) ?? true);
        report.LoadAfter = Machine.Load();
        report.Seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        TableWriter.Write(report, Console.Out);
        if (options.Has("save")) report.Save(Path.Combine("docs", "performance"));
        return report.Rows.TrueForAll(static row => row.PerSecond is not null) ? 0 : 1;
    }
}
