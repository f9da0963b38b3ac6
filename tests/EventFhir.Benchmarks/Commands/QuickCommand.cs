using System.Diagnostics;
using EventFhir.Benchmarks.Data;
using EventFhir.Benchmarks.Measures;
using EventFhir.Benchmarks.Report;
using EventFhir.Benchmarks.Scenarios;

namespace EventFhir.Benchmarks.Commands;

/// <summary><c>bench quick</c> and <c>bench changes</c>.</summary>
public static class QuickCommand
{
    private const int Seed = 20_240_131;
    private const int PatientsDefault = 400;

    public static SampleData DataOf(Options options) => options.Text("data") is { } folder
        ? SampleData.ReadFolder(folder)
        : SampleData.Synthetic(Seed, (int)options.Number("patients", PatientsDefault));

    public static Task<int> RunAsync(Options options) =>
        RunAsync(options, static (bench, data, report, isWanted) => new QuickRun(bench, data, report, isWanted).RunAsync());

    public static Task<int> RunChangesAsync(Options options) =>
        RunAsync(options, static (bench, data, report, isWanted) => new ChangesRun(bench, data, report, isWanted).RunAsync());

    private static async Task<int> RunAsync(Options options, Func<Bench, SampleData, RunReport, Func<string, bool>, Task> run)
    {
        var start = Stopwatch.GetTimestamp();
        var data = DataOf(options);
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
