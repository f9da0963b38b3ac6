using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

using Npgsql;

namespace EventFhir.Postgres.Embedded;

/// <summary>
/// A private PostgreSQL cluster under the server's data folder: made at the first start, watched while it runs (a killed server process
/// is started again on the same address), stopped with its owner. One process owns a data folder; others find the running cluster
/// through <see cref="FindRunning"/>.
/// </summary>
public sealed class EmbeddedPostgres : IAsyncDisposable
{
    private const string DatabaseName = "eventfhir";

    /// <summary>A port that was free is somebody else's by the time PostgreSQL wants it: rare, and never twice in a row but by malice.</summary>
    private const int PortsMax = 5;
    private readonly Cluster cluster;
    private readonly OwnerLock owner;
    private readonly string dataFolder;
    private readonly ILogger logger;
    private readonly CancellationTokenSource stopping = new();
    private readonly int port;
    private Task watching = Task.CompletedTask;
    private bool disposed;

    private EmbeddedPostgres(Cluster cluster, OwnerLock owner, string dataFolder, int port, ILogger logger)
    {
        (this.cluster, this.owner, this.dataFolder, this.port, this.logger) = (cluster, owner, dataFolder, port, logger);
        ConnectionString = new NpgsqlConnectionStringBuilder
        {
            Host = cluster.Host,
            Port = port,
            Username = Cluster.SuperUser,
            Password = cluster.Password,
            Database = DatabaseName,
        }.ConnectionString;
    }

    /// <summary>For Npgsql; holds the password.</summary>
    public string ConnectionString { get; }

    /// <summary>The process id of the PostgreSQL server; changes if it had to be started again.</summary>
    public int ProcessId { get; private set; }

    /// <exception cref="DataFolderInUseException">Another process owns the folder.</exception>
    /// <exception cref="EmbeddedPostgresException">There are no binaries, or PostgreSQL does not start.</exception>
    public static Task<EmbeddedPostgres> StartAsync(EmbeddedOptions options, CancellationToken cancellationToken, ILogger? logger = null) =>
        StartAsync(options, Cluster.FreePort, logger ?? NullLogger.Instance, cancellationToken);

    internal static async Task<EmbeddedPostgres> StartAsync(
        EmbeddedOptions options, Func<int> nextPort, ILogger logger, CancellationToken cancellationToken)
    {
        options = options with { DataFolder = Path.GetFullPath(options.DataFolder) };
        Directory.CreateDirectory(options.DataFolder);
        var owner = await OwnerLock.TakeAsync(options.DataFolder, cancellationToken);
        try
        {
            var binaries = await PostgresBinaries.FindOrInstallAsync(logger, cancellationToken);
            var account = await ClusterAccount.ChooseAsync(cancellationToken);
            var cluster = new Cluster(options, binaries, account, logger);
            await cluster.CreateIfMissingAsync(cancellationToken);
            var (port, processId) = await StartOnAsync(nextPort, cluster, cancellationToken);
            var postgres = new EmbeddedPostgres(cluster, owner, options.DataFolder, port, logger) { ProcessId = processId };
            await postgres.CreateDatabaseAsync(cancellationToken);
            PrivateFile.Write(ConnectionFile(options.DataFolder), postgres.ConnectionString);
            postgres.watching = postgres.WatchAsync();
            return postgres;
        }
        catch
        {
            owner.Dispose();
            throw;
        }
    }

    private static async Task<(int Port, int ProcessId)> StartOnAsync(Func<int> nextPort, Cluster cluster, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var port = nextPort();
            try
            {
                return (port, await cluster.StartAsync(port, cancellationToken));
            }
            catch (EmbeddedPostgresException) when (attempt < PortsMax && Cluster.IsTaken(port))
            {
            }
        }
    }

    /// <summary>The connection string of the cluster of a data folder, if a live process runs it; else null.</summary>
    public static string? FindRunning(string dataFolder)
    {
        dataFolder = Path.GetFullPath(dataFolder);
        return Directory.Exists(dataFolder) && OwnerLock.IsHeld(dataFolder) ? PrivateFile.TryRead(ConnectionFile(dataFolder)) : null;
    }

    /// <summary>Stops the server that a killed owner of the folder left running, if there is one.</summary>
    /// <exception cref="DataFolderInUseException">The owner lives.</exception>
    public static async Task StopLeftoverAsync(EmbeddedOptions options, CancellationToken cancellationToken)
    {
        options = options with { DataFolder = Path.GetFullPath(options.DataFolder) };
        using var owner = await OwnerLock.TakeAsync(options.DataFolder, cancellationToken);
        var binaries = await PostgresBinaries.FindOrInstallAsync(NullLogger.Instance, cancellationToken);
        var account = await ClusterAccount.ChooseAsync(cancellationToken);
        await new Cluster(options, binaries, account, NullLogger.Instance).StopOrphanAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (disposed) return;
        disposed = true;
        await stopping.CancelAsync();
        await watching;
        File.Delete(ConnectionFile(dataFolder));
        await cluster.StopAsync(CancellationToken.None);
        owner.Dispose();
        stopping.Dispose();
    }

    /// <summary>Lets go of the folder as a killed process does, with the server left running: for the tests of what comes next.</summary>
    internal async Task AbandonAsync()
    {
        disposed = true;
        await stopping.CancelAsync();
        await watching;
        owner.Dispose();
    }

    private async Task WatchAsync()
    {
        var delay = TimeSpan.FromSeconds(1);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(250), stopping.Token);
                if (Postmaster.IsAlive(ProcessId)) continue;
                Log.ClusterDied(logger, ProcessId);
                ProcessId = await cluster.StartAsync(port, stopping.Token);
                delay = TimeSpan.FromSeconds(1);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (EmbeddedPostgresException exception)
            {
                Log.RestartFailed(logger, exception.Message, (int)delay.TotalSeconds);
                await Task.Delay(delay, stopping.Token).ContinueWith(_ => { }, TaskScheduler.Default);
                delay = TimeSpan.FromSeconds(Math.Min(delay.TotalSeconds * 2, 30));
            }
        }
    }

    private async Task CreateDatabaseAsync(CancellationToken cancellationToken)
    {
        var maintenance = new NpgsqlConnectionStringBuilder(ConnectionString) { Database = "postgres", Pooling = false };
        await using var connection = new NpgsqlConnection(maintenance.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var exists = new NpgsqlCommand("select exists (select from pg_database where datname = 'eventfhir')", connection);
        if (await exists.ExecuteScalarAsync(cancellationToken) is true) return;
        await using var create = new NpgsqlCommand("create database eventfhir", connection);
        await create.ExecuteNonQueryAsync(cancellationToken);
    }

    private static string ConnectionFile(string dataFolder) => Path.Combine(dataFolder, "connection");
}
