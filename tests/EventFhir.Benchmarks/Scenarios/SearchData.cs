using EventFhir.Benchmarks.Commands;
using EventFhir.Benchmarks.Data;
using EventFhir.Benchmarks.Searches;
using Npgsql;

namespace EventFhir.Benchmarks.Scenarios;

/// <summary>The data that searches run over: loaded by the real import, unless the folder that is kept holds it already.</summary>
public sealed class SearchData(Bench bench)
{
    public async Task LoadAsync(Options options)
    {
        await ProgramUnderTest.RunServerCommandAsync("migrate", "up", "--connection", bench.ConnectionString);
        if ((await SizeAsync()).Resources == 0) await ImportAsync(options);
        else if (options.Has("rebuild")) await ProgramUnderTest.RunServerCommandAsync("rebuild", "--connection", bench.ConnectionString);
        Console.Error.WriteLine("Analyzing …");
        await using var database = NpgsqlDataSource.Create($"{bench.ConnectionString};Command Timeout=0");
        // Also takes up what inserts left in the pending lists of GIN indexes, as autovacuum does sooner or later.
        await using (var vacuum = database.CreateCommand("vacuum (analyze)")) await vacuum.ExecuteNonQueryAsync();
        await bench.CheckpointAsync();
    }

    /// <summary>Live resources, and their bytes as estimated from a sample.</summary>
    public async Task<(int Resources, long Bytes)> SizeAsync()
    {
        await using var database = NpgsqlDataSource.Create(bench.ConnectionString);
        await using var command = database.CreateCommand(BaselineSql.Named("size"));
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        return ((int)row.GetInt64(0), (long)(row.GetInt64(0) * row.GetDouble(1)));
    }

    private async Task ImportAsync(Options options)
    {
        var folder = Path.Combine(bench.Folder, "ndjson");
        var source = options.Text("data");
        var times = (int)options.Number("clones", 1);
        if (source is null) QuickCommand.DataOf(options).WriteFolder(source = Path.Combine(bench.Folder, "ndjson-once"));
        if (times > 1) ClonedPopulation.Write(source, folder, times);
        else folder = source;
        Console.Error.WriteLine("Importing …");
        var elapsed = await ProgramUnderTest.RunServerCommandAsync("import", folder, "--connection", bench.ConnectionString);
        var imported = (await SizeAsync()).Resources;
        Console.Error.WriteLine(FormattableString.Invariant($"Imported {imported} resources in {elapsed.TotalSeconds:0} s"));
        await ProgramUnderTest.PlaceImportedAsync(bench.ConnectionString, imported);
        foreach (var written in new[] { "ndjson", "ndjson-once" })
            if (Path.Combine(bench.Folder, written) is var path && Directory.Exists(path)) Directory.Delete(path, recursive: true);
    }
}
