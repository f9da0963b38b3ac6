using System.Globalization;

using EventFhir.Postgres.Embedded;

using Npgsql;

using Xunit;

[assembly: AssemblyFixture(typeof(EventFhir.Tests.TestCluster))]

namespace EventFhir.Tests;

/// <summary>
/// One private PostgreSQL cluster for all tests of an assembly, in a temporary folder. Ask for it in the constructor of a test class;
/// each test or class takes a database of its own.
/// </summary>
public sealed class TestCluster : IAsyncLifetime
{
    private const string FolderPrefix = "eventfhir-tests-";
    private readonly string folder = Path.Combine(Path.GetTempPath(), FolderPrefix + Guid.NewGuid().ToString("N")[..8]);
    private EmbeddedPostgres? postgres;
    private int databases;

    public EmbeddedPostgres Postgres => postgres ?? throw new InvalidOperationException("The test cluster has not been started.");

    public async ValueTask InitializeAsync()
    {
        DeleteWhatKilledRunsLeft();
        postgres = await EmbeddedPostgres.StartAsync(
            new EmbeddedOptions(folder, MemoryMegabytes: 512, Durability.Relaxed), TestContext.Current.CancellationToken);
    }

    /// <summary>The connection string of a new, empty database.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref databases)}");
        await using var connection = new NpgsqlConnection(Postgres.ConnectionString);
        await connection.OpenAsync();
        await using var create = connection.CreateCommand();
        create.CommandText = "create database " + name;
        await create.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(Postgres.ConnectionString) { Database = name, MaxPoolSize = 30 }.ConnectionString;
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        if (postgres is not null) await postgres.DisposeAsync();
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    private static void DeleteWhatKilledRunsLeft()
    {
        foreach (var left in Directory.EnumerateDirectories(Path.GetTempPath(), FolderPrefix + "*"))
        {
            // A live run holds the lock and has a fresh folder; only old folders without an owner are cleared away.
            if (Directory.GetCreationTimeUtc(left) > DateTime.UtcNow.AddHours(-2) || EmbeddedPostgres.FindRunning(left) is not null) continue;
            try
            {
                Directory.Delete(left, recursive: true);
            }
            catch (IOException)
            {
                // Another run clears it at the same time.
            }
        }
    }
}
