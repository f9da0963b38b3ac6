using EventFhir.Core;
using EventFhir.Model;
using EventFhir.Postgres.Feed;
using EventFhir.Postgres.Migrations;

using Npgsql;

namespace EventFhir.Postgres;

/// <summary>The connections to one database: some for writing, some for reading, each prepared for its work.</summary>
public sealed class EventDatabase : IAsyncDisposable
{
    /// <summary>
    /// The statements of a write take arrays of unknown length over tables that grow quickly, and every access they need has an index. Without
    /// this a plan made while a table was empty would go on scanning it.
    /// </summary>
    private const string WriterSettings =
        "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off";

    /// <summary>Starting workers for one search would cost more than most searches, and take the processors from the others.</summary>
    private static readonly string SearchSettings =
        $"-c jit=off -c max_parallel_workers_per_gather=0 -c statement_timeout={Limits.SearchTimeMax.TotalMilliseconds:0}";

    /// <summary>
    /// Searches by key take microseconds, and the pool hands its connections out in turn: each more is one whose caches are cold when its turn comes.
    /// </summary>
    private static readonly int KeyConnectionsMax = Math.Clamp(3 * Environment.ProcessorCount, 6, 24);

    /// <summary>Most pages fit, so that they are read at once.</summary>
    private const int PageBytes = 64 * 1024;

    public EventDatabase(string connectionString)
    {
        ConnectionString = connectionString;
        Reader = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = "EventFhir reader", MaxAutoPrepare = 100, AutoPrepareMinUsages = 2, NoResetOnClose = true,
        });
        // One plan cannot serve rare and common codes alike, so each search is planned for its own values.
        Searcher = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = "EventFhir search", NoResetOnClose = true, MaxAutoPrepare = 100, AutoPrepareMinUsages = 2, MaxPoolSize = 24,
            ReadBufferSize = PageBytes,
            Options = "-c plan_cache_mode=force_custom_plan " + SearchSettings,
        });
        // Searches by key alone: their plan is made once, and by index even while the tables are small.
        KeySearcher = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = "EventFhir search", NoResetOnClose = true, MaxAutoPrepare = 200, AutoPrepareMinUsages = 2,
            MaxPoolSize = KeyConnectionsMax,
            ReadBufferSize = PageBytes,
            Options = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off "
                + SearchSettings,
        });
        Writer = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = "EventFhir writer", MaxAutoPrepare = 2_000, AutoPrepareMinUsages = 2, NoResetOnClose = true,
            MaxPoolSize = 16, Options = WriterSettings, WriteBufferSize = 65_536,
        });
        // For the long statements of rebuild and verify: the planner's own choice, and no limit on time.
        Maintenance = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = "EventFhir maintenance", CommandTimeout = 0, MaxPoolSize = 16, MaxAutoPrepare = 200, AutoPrepareMinUsages = 2,
            NoResetOnClose = true,
        });
        // A pass takes milliseconds; one that opens an epoch for a log from another cluster goes through all of it.
        Sequencer = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString)
        {
            CommandTimeout = 600,
            ApplicationName = "EventFhir sequencer", MaxPoolSize = 4, MaxAutoPrepare = 10, AutoPrepareMinUsages = 2, NoResetOnClose = true,
        });
        // Pages in the order of the feed: each step has an index, however small the tables are.
        Feed = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = "EventFhir feed", MaxPoolSize = 16, MaxAutoPrepare = 100, AutoPrepareMinUsages = 2, NoResetOnClose = true,
            ReadBufferSize = PageBytes,
            Options = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off "
                + "-c enable_sort=off " + SearchSettings,
        });
        Migrator = new Migrator(Maintenance);
    }

    public string ConnectionString { get; }
    public Migrator Migrator { get; }

    /// <summary>Raised by every write path on this database in this process.</summary>
    public CommitSignal Commits { get; } = new();

    internal NpgsqlDataSource Reader { get; }
    internal NpgsqlDataSource Searcher { get; }
    internal NpgsqlDataSource KeySearcher { get; }
    internal NpgsqlDataSource Writer { get; }
    internal NpgsqlDataSource Maintenance { get; }
    internal NpgsqlDataSource Sequencer { get; }
    internal NpgsqlDataSource Feed { get; }

    /// <summary>True if the database answers; for /ready.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var command = Reader.CreateCommand("select 1");
            return await command.ExecuteScalarAsync(cancellationToken) is 1;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    /// <summary>Reads on a connection of <see cref="Reader"/>; once more on a new one if a restart of PostgreSQL killed those of the pool.</summary>
    internal async Task<TAnswer> ReadAsync<TQuestion, TAnswer>(
        TQuestion question, Func<NpgsqlConnection, TQuestion, CancellationToken, Task<TAnswer>> read, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await Reader.OpenConnectionAsync(cancellationToken);
                return await read(connection, question, cancellationToken);
            }
            catch (NpgsqlException exception) when (exception.IsTransient && attempt == 1)
            {
                ForgetConnections();
            }
        }
    }

    /// <summary>After a broken connection: PostgreSQL may have been restarted, and then every pooled connection is dead.</summary>
    internal void ForgetConnections()
    {
        Reader.Clear();
        Searcher.Clear();
        KeySearcher.Clear();
        Writer.Clear();
        Maintenance.Clear();
        Sequencer.Clear();
        Feed.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await Reader.DisposeAsync();
        await Searcher.DisposeAsync();
        await KeySearcher.DisposeAsync();
        await Writer.DisposeAsync();
        await Maintenance.DisposeAsync();
        await Sequencer.DisposeAsync();
        await Feed.DisposeAsync();
        Commits.Dispose();
    }
}
