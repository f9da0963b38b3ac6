using System.Collections.Immutable;
using System.Globalization;

namespace EventFhir.Benchmarks.Report;

/// <summary>
/// What more data does to the same searches: no search may take more than twice its time over ten times the data, unless its answer grows. Time is the
/// median of searches asked alone, which no queue touches; an answer grows by its bytes, or by the matches that its total counts.
/// </summary>
public static class Growth
{
    private const double TimesMax = 2;

    /// <returns>False if a search is slower than that.</returns>
    public static bool Write(RunReport report, (int Resources, ImmutableArray<SearchRow> Searches) before, TextWriter output)
    {
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"Beside {before.Resources} resources, {(double)report.Resources / before.Resources:0.0} times as many:"));
        output.WriteLine();
        output.WriteLine("| Search | time alone | CPU | answer | total | B6 | |");
        output.WriteLine("|---|--:|--:|--:|--:|--:|---|");
        var isWithin = true;
        foreach (var row in report.Searches)
        {
            if (before.Searches.FirstOrDefault(other => other.Scenario == row.Scenario) is not { AloneP50: > 0 } was || row.AloneP50 is not { } alone) continue;
            var time = alone / was.AloneP50.Value;
            var answer = Math.Max(row.AnswerBytes / was.AnswerBytes ?? 1, row.Total / was.Total ?? 1);
            var verdict = time <= TimesMax ? "within twice" : time <= TimesMax * answer ? "slower, as its answer grows" : "**slower**";
            isWithin &= time <= TimesMax * Math.Max(1, answer);
            output.WriteLine(
                $"| {row.Scenario} | {Times(time)} | {Times((row.ServerCpu + row.PostgresCpu) / (was.ServerCpu + was.PostgresCpu))} "
                + $"| {Times(row.AnswerBytes / was.AnswerBytes)} | {Times(row.Total / was.Total)} | {Times(was.Baseline / row.Baseline)} | {verdict} |");
        }
        return isWithin;
    }

    private static string Times(double? ratio) => ratio is { } value && double.IsFinite(value) ? value.ToString("0.0", CultureInfo.InvariantCulture) : "";
}
