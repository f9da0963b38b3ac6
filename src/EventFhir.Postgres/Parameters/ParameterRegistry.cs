using System.Collections.Immutable;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Postgres.Projections;
using EventFhir.Postgres.Replay;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Parameters;

/// <summary>
/// The custom search parameters of a database, as this node knows them: takes up SearchParameter resources that were written anywhere, and
/// follows what other nodes have taken up. Decision 7 tells how a change is made known to every writer.
/// </summary>
public sealed class ParameterRegistry(EventDatabase database, ActiveDefinitions active) : IDisposable
{
    /// <summary>Taken shared by whoever changes parameters or goes through resources for them; a rebuild holds it alone.</summary>
    internal const string TryLock = "select pg_try_advisory_xact_lock_shared(hashtextextended('eventfhir.parameters', 0))";

    /// <summary>Taken by whoever takes up resources.</summary>
    private const string Lock = "select pg_advisory_xact_lock(hashtextextended('es.search_set', 0))";
    private readonly SemaphoreSlim loading = new(1);
    private ReplayRules? rules;
    private long revision = -1;

    public ActiveDefinitions Active => active;

    /// <summary>How writes are indexed at present.</summary>
    public ReplayRules Rules
    {
        get
        {
            var extractor = active.Extractor;
            if (rules is { } known && ReferenceEquals(known.Extractor, extractor)) return known;
            return rules = ReplayRules.Of(extractor);
        }
    }

    public void Dispose() => loading.Dispose();

    /// <summary>Reads the set anew.</summary>
    public async Task ReloadAsync(CancellationToken cancellationToken)
    {
        await loading.WaitAsync(cancellationToken);
        try
        {
            await using var connection = await database.Reader.OpenConnectionAsync(cancellationToken);
            var rows = await ParameterRows.ReadAsync(connection, active.Current.Release, cancellationToken);
            if (rows.Revision == revision)
            {
                foreach (var (known, now) in active.Current.Customs.Zip(rows.Customs)) known.Progress.Move(now.Progress);
                return;
            }
            active.Swap(active.Current.With(rows.Generation, rows.Customs));
            revision = rows.Revision;
        }
        finally
        {
            loading.Release();
        }
    }

    /// <summary>Takes up SearchParameter resources that were written since the last time, and starts what has waited; then as
    /// <see cref="ReloadAsync"/>. Nothing happens while a rebuild is under way.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await using (var connection = await database.Maintenance.OpenConnectionAsync(cancellationToken))
        {
            if (await HasNewsAsync(connection, cancellationToken)) await TakeUpAsync(connection, cancellationToken);
        }
        await ReloadAsync(cancellationToken);
    }

    private short SourceType => (short)active.Current.Release.FindResourceType(CustomParameterReader.TypeName)!.Number;

    private async Task<bool> HasNewsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            select s.seen <> (select coalesce(sum(c.versions), 0) from es.counter c where c.tenant = 0 and c.type = $1)
                   or exists (select from es.search_parameter w where w.state = 1)
            from es.search_set s
            """, connection) { Parameters = { new NpgsqlParameter<short> { TypedValue = SourceType } } };
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task TakeUpAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await connection.ReadAsync<bool>(TryLock, cancellationToken)) return;
        await connection.RunAsync(Lock, cancellationToken);
        // Counted first: what comes later is news again.
        var seen = await connection.ReadAsync<long>(
            $"select coalesce(sum(versions), 0)::bigint from es.counter where tenant = 0 and type = {SourceType}", cancellationToken);
        var changes = new ParameterChanges(active.Current, await ParameterRows.ReadAsync(connection, active.Current.Release, cancellationToken));
        foreach (var source in await SourcesAsync(connection, cancellationToken)) changes.Take(source);
        changes.StartWaiting();
        if (!changes.IsEmpty)
        {
            // Waits for the writes in flight, which extract what they knew, and holds back new ones until the generation has risen for them.
            if (changes.ConcernWrites) await connection.RunAsync("lock table es.stream in exclusive mode", cancellationToken);
            await using var batch = new NpgsqlBatch(connection, transaction);
            foreach (var statement in changes.Statements()) batch.BatchCommands.Add(statement);
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
        await connection.RunAsync($"update es.search_set set seen = {seen}", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task<List<ParameterSource>> SourcesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SqlFile.Read("parameter-sources.sql"), connection)
        {
            Parameters = { new NpgsqlParameter<short> { TypedValue = Tenant.Only }, new NpgsqlParameter<short> { TypedValue = SourceType } },
        };
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var sources = new List<ParameterSource>();
        while (await row.ReadAsync(cancellationToken))
        {
            var body = row.IsDBNull(3) ? null : row.GetFieldValue<byte[]>(3);
            sources.Add(new ParameterSource(row.GetInt64(0), row.GetString(1), row.GetInt32(2), body));
        }
        return sources;
    }

    /// <summary>Makes the side tables that customs need and a type lacks.</summary>
    internal async Task EnsureTablesAsync(CustomDefinition custom, CancellationToken cancellationToken)
    {
        await using var connection = await database.Maintenance.OpenConnectionAsync(cancellationToken);
        var made = await connection.ReadAllAsync<short>("select type from fhir.layout order by 1", cancellationToken);
        var catalog = new ProjectionCatalog(database.Writer, active.Current.LayoutOf, NewTables.Indexed);
        foreach (var number in made)
        {
            var type = active.Current.Release.TypeOfNumber(number);
            if (custom.AppliesTo(type)) await catalog.EnsureAsync(type, cancellationToken);
        }
    }
}

/// <summary>A SearchParameter resource as it is now.</summary>
/// <param name="Body">Null: it is deleted.</param>
internal sealed record ParameterSource(long Rid, string Id, int Version, byte[]? Body);
