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
        await ClearWhatKilledRunsLeftAsync();
        postgres = await EmbeddedPostgres.StartAsync(
            new EmbeddedOptions(folder, MemoryMegabytes: 512, Durability.Relaxed), TestContext.Current.CancellationToken);
    }

    /// <summary>The connection string of a new, empty database.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref databases)}");
        await using var connection = new NpgsqlConnection(Patient(Postgres.ConnectionString));
        await connection.OpenAsync();
        await using var create = connection.CreateCommand();
        create.CommandText = "create database " + name;
        await create.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(Patient(Postgres.ConnectionString)) { Database = name, MaxPoolSize = 30 }.ConnectionString;
    }

    /// <summary>The same with times that a machine under load does not exceed: how fast it is, is not what is tested.</summary>
    public static string Patient(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Timeout = 120, CommandTimeout = 300 }.ConnectionString;

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        if (postgres is not null) await postgres.DisposeAsync();
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    /// <summary>A run that was killed leaves its server running; nobody else would ever stop it.</summary>
    private static async Task ClearWhatKilledRunsLeftAsync()
    {
        foreach (var left in Directory.EnumerateDirectories(Path.GetTempPath(), FolderPrefix + "*"))
        {
            // A live run holds the lock; one that is just starting may not have taken it yet.
            if (Directory.GetCreationTimeUtc(left) > DateTime.UtcNow.AddMinutes(-5) || EmbeddedPostgres.FindRunning(left) is not null) continue;
            try
            {
                await EmbeddedPostgres.StopLeftoverAsync(new EmbeddedOptions(left), CancellationToken.None);
                Directory.Delete(left, recursive: true);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or EmbeddedPostgresException)
            {
                // Another run clears it at the same time.
            }
        }
    }
}
