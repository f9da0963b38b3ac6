using System.Globalization;

namespace EventFhir.Benchmarks.Report;

/// <summary>Prints a report as Markdown tables, so that it can be pasted into docs/performance.md as it is.</summary>
public static class TableWriter
{
    public static void Write(RunReport report, TextWriter output)
    {
        output.WriteLine(FormattableString.Invariant(
            $"{report.Started:yyyy-MM-dd HH:mm} UTC, commit {report.Machine.Commit}, {report.Machine.Cpu}, {report.Machine.Cores} cores, {report.Machine.MemoryGigabytes} GB, {report.Machine.Runtime}, PostgreSQL {report.PostgresSettings["server_version"]}"));
        output.WriteLine(FormattableString.Invariant(
            $"Data: {report.Data}: {report.Resources} resources, {(double)report.Bytes / report.Resources:0} B mean. Load {report.LoadBefore:0.0} before, {report.LoadAfter:0.0} after. {report.Seconds:0} s in all."));
        output.WriteLine("PostgreSQL: " + string.Join(", ", report.PostgresSettings.Select(static setting => $"{setting.Key}={setting.Value}")));
        output.WriteLine();
        if (report.Searches.Count > 0) WriteSearches(report, output);
        if (report.Rows.Count == 0) return;
        output.WriteLine("| Scenario | Program | /s | ± | Efficiency | p50 ms | p99 | p99.9 | max | CPU µs/op | PG µs/op | WAL B/op | Alloc B/op |");
        output.WriteLine("|---|---|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|");
        foreach (var row in report.Rows)
        {
            var efficiency = row.Efficiency is { } share ? $"{Text(share * 100, "0")} % of {row.Against}" : row.Note ?? "";
            output.WriteLine($"| {row.Scenario} | {row.Program} | {Text(row.PerSecond, "0")} | {Percent(row.Spread)} | {efficiency} "
                + $"| {Text(row.P50, "0.00")} | {Text(row.P99, "0.0")} | {Text(row.P999, "0.0")} | {Text(row.Max, "0")} "
                + $"| {Text(row.ServerCpu, "0")} | {Text(row.PostgresCpu, "0")} | {Text(row.WalBytes, "0")} | {Text(row.AllocatedBytes, "0")} |");
        }

        if (report.Disk.Count == 0) return;
        output.WriteLine();
        output.WriteLine("| Table after bulk-import | data B/resource | indexes B/resource |");
        output.WriteLine("|---|--:|--:|");
        foreach (var table in report.Disk.Where(table => table.Data + table.Indexes > 20L * report.Resources))
            output.WriteLine($"| {table.Table} | {PerResource(table.Data)} | {PerResource(table.Indexes)} |");
        output.WriteLine($"| all {report.Disk.Count} | {PerResource(report.Disk.Sum(static table => table.Data))} | {PerResource(report.Disk.Sum(static table => table.Indexes))} |");

        string PerResource(long bytes) => Text((double)bytes / report.Resources, "0");
    }

    private static void WriteSearches(RunReport report, TextWriter output)
    {
        output.WriteLine("| Search | /s | ± | B6 /s | Efficiency | of CPU | kB | p50 ms | p99 | open p50 | open p99 | floor /s | floor open p50 | p99 | alone p50 | p99 | CPU µs | PG µs | PG µs of B6 | Alloc B |");
        output.WriteLine("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
        foreach (var row in report.Searches)
        {
            output.WriteLine($"| {row.Scenario} | {Text(row.PerSecond, "0")} | {Percent(row.Spread)} | {Text(row.Baseline, "0")} | {Percent(row.Efficiency)} "
                + $"| {Percent(row.CpuShare)} | {Text(row.AnswerBytes / 1000, "0.0")} | {Text(row.P50, "0.00")} | {Text(row.P99, "0.0")} | {Text(row.OpenP50, "0.00")} | {Text(row.OpenP99, "0.0")} "
                + $"| {Text(row.FloorPerSecond, "0")} | {Text(row.FloorP50, "0.00")} | {Text(row.FloorP99, "0.0")} | {Text(row.AloneP50, "0.00")} | {Text(row.AloneP99, "0.0")} "
                + $"| {Text(row.ServerCpu, "0")} | {Text(row.PostgresCpu, "0")} | {Text(row.BaselineCpu, "0")} | {Text(row.AllocatedBytes, "0")} |{row.Note}");
        }
    }

    private static string Percent(double? share) => share is { } value ? Text(value * 100, "0") + " %" : "";

    private static string Text(double? value, string format) => value is { } number ? number.ToString(format, CultureInfo.InvariantCulture) : "";
}
