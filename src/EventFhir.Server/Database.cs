using System.Collections.Immutable;
using System.Data.Common;

using EventFhir.Core.Search.Parameters;
using EventFhir.Postgres;
using EventFhir.Postgres.Embedded;
using EventFhir.Postgres.Feed;
using EventFhir.Postgres.Following;
using EventFhir.Postgres.Migrations;
using EventFhir.Postgres.Parameters;
using EventFhir.Postgres.Projections;
using EventFhir.Postgres.Proof;
using EventFhir.Server.Observability;
using EventFhir.Server.Proof;

namespace EventFhir.Server;

/// <summary>Whose private cluster is used when no connection string is given.</summary>
public enum Cluster
{
    /// <summary>One of this process alone; it is an error if another process runs it.</summary>
    OfThisProcess,

    /// <summary>That of the server which runs on the data folder, or one of this process if there is none.</summary>
    Shared,
}

/// <summary>The database that the options name, open. Disposing it stops a private cluster that it started.</summary>
public sealed class Database : IAsyncDisposable
{
    private readonly EmbeddedPostgres? postgres;

    private readonly ILoggerFactory loggers;

    private Database(string connectionString, EmbeddedPostgres? postgres, ILoggerFactory loggers)
    {
        (ConnectionString, this.postgres, this.loggers) = (connectionString, postgres, loggers);
        try
        {
            Events = new EventDatabase(connectionString);
        }
        catch (ArgumentException exception)
        {
            throw new FormatException($"--connection: {Settings.Connection.Meaning} {exception.Message}", exception);
        }
    }

    public string ConnectionString { get; }

    public EventDatabase Events { get; }

    /// <summary>Something secret that is the same for every server on this database: the password, or else the whole connection string.</summary>
    public string SharedSecret =>
        new DbConnectionStringBuilder { ConnectionString = ConnectionString }.TryGetValue("Password", out var password) ? (string)password
            : ConnectionString;

    /// <exception cref="DataFolderInUseException">The cluster of the data folder belongs to another process.</exception>
    /// <exception cref="FormatException">The connection string is none.</exception>
    public static async Task<Database> OpenAsync(EventFhirOptions options, Cluster cluster, CancellationToken cancellationToken)
    {
        var running = options.Connection ?? (cluster is Cluster.Shared ? EmbeddedPostgres.FindRunning(options.Data.FullName) : null);
        // The cluster is watched while it runs, and says on stderr what happens to it.
        var loggers = LoggerFactory.Create(logging => logging.AddEventFhirConsole(options));
        if (running is not null) return new Database(running, postgres: null, loggers);
        var postgres = await EmbeddedPostgres.StartAsync(
            new EmbeddedOptions(options.Data.FullName), cancellationToken, loggers.CreateLogger<EmbeddedPostgres>());
        return new Database(postgres.ConnectionString, postgres, loggers);
    }

    /// <summary>Brings the schema up to this build, and sees to it that the database is of the release that the options name.</summary>
    /// <returns>The migrations that were missing.</returns>
    /// <exception cref="OtherReleaseException">It is of another one.</exception>
    public async Task<ImmutableArray<Migration>> PrepareAsync(EventFhirOptions options, CancellationToken cancellationToken)
    {
        var applied = await Events.Migrator.ApplyAsync(cancellationToken);
        await new ReleaseClaim(Events).MakeAsync(options.Release, cancellationToken);
        return applied;
    }

    /// <summary>The search parameters in force, those that clients have defined included; the caller disposes it.</summary>
    public async Task<ParameterRegistry> OpenParametersAsync(EventFhirOptions options, CancellationToken cancellationToken)
    {
        var active = new ActiveDefinitions(options.Definitions, options.BaseUrl is null ? null : new Uri(options.BaseUrl));
        var registry = new ParameterRegistry(Events, active);
        await registry.ReloadAsync(cancellationToken);
        return registry;
    }

    /// <summary>The write path; the caller disposes it before the database.</summary>
    /// <param name="store">What an import does otherwise than a server.</param>
    public ResourceStore OpenStore(EventFhirOptions options, ParameterRegistry registry, StoreOptions? store = null) => new(
        Events, registry, (store ?? new StoreOptions()) with { Lanes = options.WriterLanes }, loggers.CreateLogger<ResourceStore>());

    /// <summary>The keys that sign in the name of this log; the caller disposes them.</summary>
    public Task<LogSigners> OpenSignersAsync(EventFhirOptions options, CancellationToken cancellationToken) =>
        LogSigners.OpenAsync(Events, SigningKeyFiles.Read(options), cancellationToken);

    /// <summary>Places everything that is committed and takes it into the tree, as a server would do within seconds.</summary>
    public async Task CatchUpAsync(EventFhirOptions options, LogSigners signers, CancellationToken cancellationToken)
    {
        await new Sequencer(Events).SettleAsync(cancellationToken);
        var tree = new TreeIntegrator(options.Release, signers, TimeSpan.Zero).Follower;
        await new FollowerRun(Events, tree, Guid.NewGuid().ToString(), loggers.CreateLogger<FollowerRun>()).CatchUpAsync(cancellationToken);
    }

    /// <summary>Makes the search indexes that an import has put off.</summary>
    public PendingIndexes PendingIndexes(EventFhirOptions options) => new(Events, options.Release, options.Definitions.LayoutOf);

    /// <summary>The same for an import that was killed, while none runs.</summary>
    public Task CompleteAbandonedIndexesAsync(EventFhirOptions options, CancellationToken cancellationToken) =>
        PendingIndexes(options).CompleteAbandonedAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Events.DisposeAsync();
        if (postgres is not null) await postgres.DisposeAsync();
        loggers.Dispose();
    }
}
