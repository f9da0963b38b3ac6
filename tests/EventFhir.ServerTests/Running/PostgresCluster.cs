using EventFhir.Postgres.Embedded;

using Npgsql;

using Xunit;

[assembly: AssemblyFixture(typeof(EventFhir.ServerTests.Running.PostgresCluster))]

namespace EventFhir.ServerTests.Running;

/// <summary>One private PostgreSQL cluster for the test run; each test class makes a database of its own in it.</summary>
public sealed class PostgresCluster : IAsyncLifetime
{
    /// <summary>Under the name that makes a later run stop and delete what a killed one left (TestCluster).</summary>
    private readonly TemporaryFolder folder = new("eventfhir-tests-");
    private EmbeddedPostgres? postgres;
    private int databases;

    /// <summary>Also where the servers on it have their signing key.</summary>
    public string Folder => folder.Path;

    public async ValueTask InitializeAsync()
    {
        postgres = await EmbeddedPostgres.StartAsync(
            new EmbeddedOptions(folder.Path, MemoryMegabytes: 512, Durability.Relaxed), TestContext.Current.CancellationToken);
    }

    /// <summary>The connection string of a new, empty database.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        var name = $"test_{Interlocked.Increment(ref databases)}";
        // Times that a machine under load does not exceed: how fast it is, is not what is tested.
        var patient = new NpgsqlConnectionStringBuilder(postgres!.ConnectionString) { Timeout = 120, CommandTimeout = 300 };
        await using var connection = new NpgsqlConnection(patient.ConnectionString);
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand($"create database {name}", connection);
        await create.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(patient.ConnectionString) { Database = name }.ConnectionString;
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        if (postgres is not null) await postgres.DisposeAsync();
        folder.Dispose();
    }
}
