using EventFhir.Benchmarks.Baselines;
using EventFhir.Benchmarks.Data;
using EventFhir.Benchmarks.Measures;
using EventFhir.Benchmarks.Report;
using Npgsql;

namespace EventFhir.Benchmarks.Scenarios;

/// <summary><c>bulk-import</c> and <c>disk</c>: the real import command on an empty database, from process start to exit, beside B4.</summary>
public sealed class ImportMeasurement(Bench bench, SampleData data, RunReport report)
{
    public async Task RunAsync(string connectionString)
    {
        await MeasureAsync("bulk-import", connectionString);
        await ProgramUnderTest.PlaceImportedAsync(connectionString, data.Resources.Length);
        await MeasureDiskAsync(connectionString);
    }

    /// <summary>The import alone.</summary>
    public async Task MeasureAsync(string name, string connectionString)
    {
        var folder = Directory.CreateTempSubdirectory("eventfhir-ndjson-").FullName;
        data.WriteFolder(folder);
        await using var baselines = NpgsqlDataSource.Create(await bench.NewDatabaseAsync($"copy_{data.Resources.Length}"));
        var sql = new SqlBaselines(baselines, data);
        var copies = new List<double> { await sql.CopyAsync() };
        await bench.CheckpointAsync();
        var before = await bench.Meter.ReadAsync(serverId: null);
        var children = ProcessCpu.OfBuried(Environment.ProcessId);
        var elapsed = await ProgramUnderTest.RunServerCommandAsync("import", folder, "--connection", connectionString);
        var importCpu = ProcessCpu.OfBuried(Environment.ProcessId) - children;
        var cost = await bench.Meter.ReadAsync(serverId: null) - before;
        copies.Add(await sql.CopyAsync());
        copies.Add(await sql.CopyAsync());

        Directory.Delete(folder, recursive: true);

        var count = data.Resources.Length;
        var perSecond = count / elapsed.TotalSeconds;
        report.Rows.Add(new Row($"B4 beside {name}", "SQL", copies.Order().ElementAt(1)));
        report.Rows.Add(new Row(
            name, "server", perSecond, Against: "B4", Efficiency: perSecond / copies.Order().ElementAt(1),
            ServerCpu: importCpu.TotalMicroseconds / count, PostgresCpu: cost.PostgresCpu.TotalMicroseconds / count, WalBytes: (double)cost.WalBytes / count));
        Console.Error.WriteLine(FormattableString.Invariant($"{name}: {perSecond:0}/s"));
    }

    private async Task MeasureDiskAsync(string connectionString)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        await using (var vacuum = database.CreateCommand("vacuum (analyze)")) await vacuum.ExecuteNonQueryAsync();
        await using var command = database.CreateCommand(SqlFile.Read("table-bytes"));
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) report.Disk.Add(new TableBytes(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2)));
    }
}
