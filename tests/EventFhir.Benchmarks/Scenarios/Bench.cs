using EventFhir.Benchmarks.Measures;
using EventFhir.Postgres.Embedded;
using Npgsql;

namespace EventFhir.Benchmarks.Scenarios;

/// <summary>The test bed: a new private cluster with durable settings in a temporary folder, a database per purpose.</summary>
public sealed class Bench : IAsyncDisposable
{
    private readonly EmbeddedPostgres postgres;
    private readonly NpgsqlDataSource maintenance;

    private readonly bool isKept;

    private Bench(string folder, EmbeddedPostgres postgres, bool isKept)
    {
        (Folder, this.isKept) = (folder, isKept);
        this.postgres = postgres;
        maintenance = NpgsqlDataSource.Create(postgres.ConnectionString);
        Meter = new Meter(maintenance, postgres.ProcessId);
    }

    public string Folder { get; }

    public Meter Meter { get; }

    public static async Task<Bench> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("eventfhir-bench-").FullName;
        if (OperatingSystem.IsLinux()) File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        return new Bench(folder, await EmbeddedPostgres.StartAsync(new EmbeddedOptions(folder), CancellationToken.None), isKept: false);
    }

    /// <summary>On the cluster of a data folder, which stays for the next run and can be served by eventfhir as well.</summary>
    public static async Task<Bench> StartKeptAsync(string folder) =>
        new(folder, await EmbeddedPostgres.StartAsync(new EmbeddedOptions(folder), CancellationToken.None), isKept: true);

    /// <summary>The cluster's own database, which eventfhir serves.</summary>
    public string ConnectionString => postgres.ConnectionString;

    /// <summary>Makes an empty database and returns its connection string.</summary>
    public async Task<string> NewDatabaseAsync(string name)
    {
        await using var create = maintenance.CreateCommand($"create database {name}");
        await create.ExecuteNonQueryAsync();
        return ConnectionStringOf(name);
    }

    public string ConnectionStringOf(string database) =>
        new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Database = database, MaxPoolSize = 40, MaxAutoPrepare = 20 }.ConnectionString;

    /// <summary>Writes out what is dirty, so that no scenario pays for the one before it.</summary>
    public async Task CheckpointAsync()
    {
        await using var checkpoint = maintenance.CreateCommand("checkpoint");
        await checkpoint.ExecuteNonQueryAsync();
    }

    /// <summary>Settings of the cluster that are not PostgreSQL's defaults.</summary>
    public async Task<IReadOnlyDictionary<string, string>> SettingsAsync()
    {
        await using var command = maintenance.CreateCommand(SqlFile.Read("settings"));
        await using var reader = await command.ExecuteReaderAsync();
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal);
        while (await reader.ReadAsync()) settings[reader.GetString(0)] = reader.GetString(1);
        return settings;
    }

    public async ValueTask DisposeAsync()
    {
        await maintenance.DisposeAsync();
        NpgsqlConnection.ClearAllPools();
        await postgres.DisposeAsync();
        if (!isKept) Directory.Delete(Folder, recursive: true);
    }
}
