using EventFhir.Benchmarks.Baselines;
using EventFhir.Benchmarks.Data;
using EventFhir.Benchmarks.Measures;
using EventFhir.Benchmarks.Report;
using Npgsql;

namespace EventFhir.Benchmarks.Scenarios;

/// <summary>
/// <c>bulk-import</c> and <c>disk</c>: the real import command from the start of its process to its end, beside B4. As B4's table is there before its
/// clock starts, so is the schema of the server (<c>eventfhir migrate up</c>); an import that has to make that too is a row of its own.
/// </summary>
public sealed class ImportMeasurement(Bench bench, SampleData data, RunReport report)
{
    private readonly List<double> copies = [];

    /// <summary>One import to have the data, and its figures as far as one import tells them.</summary>
    public async Task RunAsync(string connectionString)
    {
        await MeasureAsync("bulk-import", connectionString, ImportRounds.One);
        await ProgramUnderTest.PlaceImportedAsync(connectionString, data.Resources.Length);
        await MeasureDiskAsync(connectionString);
    }

    /// <summary>The median of several imports, each into a database of its own, the last of which is the one given.</summary>
    public async Task CompareAsync(string connectionString)
    {
        await MeasureAsync("bulk-import", connectionString, ImportRounds.Several);
        await ProgramUnderTest.PlaceImportedAsync(connectionString, data.Resources.Length);
        await MeasureDiskAsync(connectionString);
    }

    /// <summary>Imports and copies take turns, so that a change of the machine's mood meets both.</summary>
    public async Task MeasureAsync(string name, string connectionString, ImportRounds rounds)
    {
        var folder = Directory.CreateTempSubdirectory("eventfhir-ndjson-").FullName;
        data.WriteFolder(folder);
        var suffix = data.Resources.Length;
        await using var baselines = NpgsqlDataSource.Create(await bench.NewDatabaseAsync($"copy_{suffix}"));
        var sql = new SqlBaselines(baselines, data);
        // Compiles the code of the copy and fills the caches; the imports are each of a new process.
        await sql.CopyAsync();
        copies.Clear();
        await CopyAsync(sql);
        Import? empty = null;
        if (rounds is ImportRounds.Several)
        {
            empty = await ImportAsync(name + ", empty database", folder, await bench.NewDatabaseAsync($"empty_{suffix}"));
            await CopyAsync(sql);
        }

        var imports = new List<Import>();
        for (var left = (int)rounds; left > 0; left--)
        {
            var database = left == 1 ? connectionString : await bench.NewDatabaseAsync($"import_{suffix}_{left}");
            await ProgramUnderTest.RunServerCommandAsync("migrate", "up", "--connection", database);
            imports.Add(await ImportAsync(name, folder, database));
            await CopyAsync(sql);
        }

        await CopyAsync(sql);
        Directory.Delete(folder, recursive: true);

        var rates = imports.ConvertAll(import => data.Resources.Length / import.Elapsed.TotalSeconds);
        copies.Sort();
        report.Rows.Add(new Row($"B4 beside {name}", "SQL", copies[copies.Count / 2], Spread: SpreadOf(copies)));
        Add(name, imports.OrderBy(static import => import.Elapsed).ElementAt(imports.Count / 2), SpreadOf(rates));
        if (empty is not null) Add(name + ", empty database", empty, spread: null);
    }

    private sealed record Import(TimeSpan Elapsed, TimeSpan Cpu, Cost Cost);

    private async Task CopyAsync(SqlBaselines sql)
    {
        await bench.CheckpointAsync();
        copies.Add(await sql.CopyAsync());
        Console.Error.WriteLine(FormattableString.Invariant($"B4: {copies[^1]:0}/s"));
    }

    private async Task<Import> ImportAsync(string name, string folder, string connectionString)
    {
        await bench.CheckpointAsync();
        var before = await bench.Meter.ReadAsync(serverId: null);
        var children = ProcessCpu.OfBuried(Environment.ProcessId);
        var elapsed = await ProgramUnderTest.RunServerCommandAsync("import", folder, "--connection", connectionString);
        var cpu = ProcessCpu.OfBuried(Environment.ProcessId) - children;
        var cost = await bench.Meter.ReadAsync(serverId: null) - before;
        Console.Error.WriteLine(FormattableString.Invariant(
            $"{name}: {data.Resources.Length / elapsed.TotalSeconds:0}/s, {cpu.TotalSeconds:0.00} s of .NET and {cost.PostgresCpu.TotalSeconds:0.00} s of PostgreSQL"));
        return new Import(elapsed, cpu, cost);
    }

    private void Add(string name, Import import, double? spread)
    {
        var count = data.Resources.Length;
        var perSecond = count / import.Elapsed.TotalSeconds;
        report.Rows.Add(new Row(
            name, "server", perSecond, Spread: spread, Against: "B4", Efficiency: perSecond / copies[copies.Count / 2],
            ServerCpu: import.Cpu.TotalMicroseconds / count, PostgresCpu: import.Cost.PostgresCpu.TotalMicroseconds / count,
            WalBytes: (double)import.Cost.WalBytes / count));
    }

    private static double? SpreadOf(List<double> rates) =>
        rates.Count < 2 ? null : (rates.Max() - rates.Min()) / rates.Order().ElementAt(rates.Count / 2);

    private async Task MeasureDiskAsync(string connectionString)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        await using (var vacuum = database.CreateCommand("vacuum (analyze)")) await vacuum.ExecuteNonQueryAsync();
        await using var command = database.CreateCommand(SqlFile.Read("table-bytes"));
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) report.Disk.Add(new TableBytes(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2)));
    }
}

/// <summary>How many imports a figure is made of.</summary>
public enum ImportRounds { One = 1, Several = 3 }
