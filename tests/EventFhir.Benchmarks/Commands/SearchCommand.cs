using System.Collections.Immutable;
using System.Diagnostics;
using EventFhir.Benchmarks.Measures;
using EventFhir.Benchmarks.Report;
using EventFhir.Benchmarks.Scenarios;

namespace EventFhir.Benchmarks.Commands;

/// <summary><c>bench search</c> and <c>bench projections</c>, which run over the same data.</summary>
public static class SearchCommand
{
    public static Task<int> RunAsync(Options options) => RunAsync(options, (bench, report, only) =>
        new SearchRun(bench, report, TimeSpan.FromSeconds(options.Number("seconds", 2)), only).RunAsync());

    public static Task<int> RunProjectionsAsync(Options options) => RunAsync(options, static (bench, report, only) =>
        new ProjectionRun(bench, report, scenario => only.IsEmpty || only.Contains(scenario, StringComparer.Ordinal)).RunAsync());

    private static async Task<int> RunAsync(Options options, Func<Bench, RunReport, ImmutableArray<string>, Task> run)
    {
        var start = Stopwatch.GetTimestamp();
        ImmutableArray<string> only = [.. options.Text("only")?.Split(',') ?? []];
        await using var bench = options.Text("keep") is { } kept ? await Bench.StartKeptAsync(Path.GetFullPath(kept)) : await Bench.StartAsync();
        var data = new SearchData(bench);
        await data.LoadAsync(options);
        var (resources, bytes) = await data.SizeAsync();
        var name = options.Text("data") is { } folder ? Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)) : "synthetic";
        var report = new RunReport(
            DateTimeOffset.UtcNow, Machine.Describe(), Machine.Load(),
            options.Has("clones") ? $"{name} x {options.Text("clones")}" : name, resources, bytes, await bench.SettingsAsync());
        await run(bench, report, only);
        report.LoadAfter = Machine.Load();
        report.Seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        TableWriter.Write(report, Console.Out);
        if (options.Text("to") is { } file) report.SaveAs(file);
        var isWithin = options.Text("against") is not { } before || Growth.Write(report, RunReport.ReadSearches(before), Console.Out);
        if (options.Has("save")) report.Save(Path.Combine("docs", "performance"));
        return report.Searches.TrueForAll(static row => row.PerSecond is not null) && isWithin ? 0 : 1;
    }
}
