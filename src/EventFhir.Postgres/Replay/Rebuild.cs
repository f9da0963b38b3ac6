using System.Diagnostics;

using EventFhir.Model.Definitions;
using EventFhir.Postgres.Following;
using EventFhir.Postgres.Parameters;
using EventFhir.Postgres.Projections;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Replay;

/// <param name="Resources">Live resources whose search rows were made anew; so were those of their past versions. Of a follower: events.</param>
public sealed record RebuildReport(long Resources, TimeSpan Duration);

/// <summary>Another rebuild of the same database is under way.</summary>
public sealed class RebuildRunningException() : Exception("Another rebuild is under way on this database.");

/// <summary>
/// Makes all projections anew from the log: heads, totals, search tables. The server goes on answering reads and taking writes: search tables
/// are made in a second schema and swapped by name. Writes wait twice, shortly: while heads are compared with the log, and while the last
/// changes are caught up before the swap (docs/storage.md, "Rebuild").
/// </summary>
public sealed class Rebuild(EventDatabase database, ReplayRules startRules)
{
    private const string NextSchema = "fhir_next";
    private const int PageRids = 1_000;
    private const int PageEvents = 1_000;
    private const int Workers = 2;
    private const int LockedEventsMax = 2_000;
    private const int CatchUpsMax = 5;
    private static readonly TimeSpan TellInterval = TimeSpan.FromSeconds(1);

    /// <summary>Waits for the writes in flight and holds back new ones until the transaction ends; reads go on.</summary>
    private const string StopWrites = "lock table es.stream in exclusive mode";
    private ReplayRules rules = startRules;
    private long done;

    /// <param name="progress">The number of resources done so far.</param>
    public async Task<RebuildReport> RunAsync(IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        done = 0;
        await using var connection = await database.Maintenance.OpenConnectionAsync(cancellationToken);
        await using var note = await RebuildNote.BeginAsync(connection, Following.Projections.Search, cancellationToken);
        try
        {
            // Nobody takes up, indexes or drops a custom parameter until the swap; those that are being indexed are complete by then.
            await connection.RunAsync("select pg_advisory_lock(hashtextextended('eventfhir.parameters', 0))", cancellationToken);
            rules = await WithCustomsAsync(connection, cancellationToken);
            var reached = await ReplayHeadsAsync(connection, cancellationToken);
            await PrepareAsync(connection, cancellationToken);
            await LoadAllAsync(connection, note, progress, cancellationToken);
            await LoadPastAsync(reached, cancellationToken);
            await CreateIndexesAsync(connection, cancellationToken);
            reached = await CatchUpAsync(connection, reached, cancellationToken);
            await SwapAsync(connection, reached, cancellationToken);
            await new OldTables(connection).DropAsync(cancellationToken);
            await note.EndAsync(done);
        }
        catch (Exception exception) when (exception is not OperationCanceledException && !FailureReason.IsOutage(exception))
        {
            await note.FailAsync(FailureReason.Of(exception));
            throw;
        }
        return new RebuildReport(done, Stopwatch.GetElapsedTime(started));
    }

    private async Task<ReplayRules> WithCustomsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (rules.Extractor is not { } extractor) return rules;
        var customs = await ParameterRows.ReadAsync(connection, rules.Release, cancellationToken);
        return ReplayRules.Of(extractor.With(extractor.Definitions.With(customs.Generation, customs.Customs)));
    }

    /// <summary>
    /// Returns the number that every event so far is at or below. Writes are held back longer only if heads or totals differ from the log.
    /// </summary>
    private static async Task<long> ReplayHeadsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var differ = await connection.ReadAsync<bool>(SqlFile.Read("replay-differs.sql"), cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.RunAsync(StopWrites, cancellationToken);
        if (differ) await connection.RunAsync(SqlFile.Read("replay-heads.sql"), cancellationToken);
        var reached = await connection.ReadAsync<long>("select last_value from es.seq", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return reached;
    }

    private static async Task PrepareAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await new OldTables(connection).DropAsync(cancellationToken);
        await connection.RunAsync("create schema fhir_next; create schema fhir_past_next", cancellationToken);
        await connection.RunAsync("create table fhir_next.layout (like fhir.layout including all)", cancellationToken);
    }

    private async Task LoadAllAsync(
        NpgsqlConnection connection, RebuildNote note, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        foreach (var type in await TypesInUseAsync(connection, cancellationToken)) await CreateTablesAsync(connection, type, cancellationToken);
        var last = await connection.ReadAsync<long>("select coalesce(max(rid), 0) from es.stream", cancellationToken);
        var next = 0L;
        var loading = Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Task.Run(LoadAsync, cancellationToken)));
        while (await Task.WhenAny(loading, Task.Delay(TellInterval, cancellationToken)) != loading)
            await note.TellAsync(Interlocked.Read(ref done), cancellationToken);
        await loading;

        async Task LoadAsync()
        {
            var replay = new IndexReplay(rules, NextSchema, IndexReplay.GiveMissingARow);
            await using var own = await database.Writer.OpenConnectionAsync(cancellationToken);
            while (Interlocked.Add(ref next, PageRids) - PageRids is var from && from < last)
            {
                await using var page = new NpgsqlCommand(SqlFile.Read("replay-page.sql"), own)
                {
                    Parameters =
                    {
                        new NpgsqlParameter<long> { TypedValue = from },
                        new NpgsqlParameter<long> { TypedValue = Math.Min(from + PageRids, last) },
                    },
                };
                var resources = await replay.ReadAsync(page, cancellationToken);
                await replay.WriteAsync(own, resources, cancellationToken);
                ThrowIfDamaged(replay);
                var sofar = Interlocked.Add(ref done, resources.Count);
                progress?.Report(sofar);
            }
        }
    }

    /// <summary>Rows of the versions that an event up to this number superseded. They never change, so later events only add to them.</summary>
    private async Task LoadPastAsync(long upto, CancellationToken cancellationToken)
    {
        var next = 0L;
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Task.Run(LoadAsync, cancellationToken)));

        async Task LoadAsync()
        {
            var replay = new IndexReplay(rules, NextSchema, IndexReplay.GiveMissingARow);
            await using var own = await database.Writer.OpenConnectionAsync(cancellationToken);
            while (Interlocked.Add(ref next, PageEvents) - PageEvents is var from && from < upto)
                await ReplayPastAsync(own, replay, from, Math.Min(from + PageEvents, upto), cancellationToken);
        }
    }

    private static async Task ReplayPastAsync(
        NpgsqlConnection connection, IndexReplay replay, long from, long upto, CancellationToken cancellationToken)
    {
        await using var page = new NpgsqlCommand(SqlFile.Read("replay-past.sql"), connection)
        {
            Parameters = { new NpgsqlParameter<long> { TypedValue = from }, new NpgsqlParameter<long> { TypedValue = upto } },
        };
        await replay.WritePastAsync(connection, await replay.ReadAsync(page, cancellationToken), cancellationToken);
        ThrowIfDamaged(replay);
    }

    private async Task CreateIndexesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        foreach (var type in await RegisteredAsync(connection, cancellationToken))
            await connection.RunAsync(new TypeTables(rules.LayoutOf(type), NextSchema).CreateIndexes.Text, cancellationToken);
        await connection.RunAsync("analyze", cancellationToken);
    }

    /// <summary>Follows the writes of the meantime without stopping them, until few are left.</summary>
    private async Task<long> CatchUpAsync(NpgsqlConnection connection, long reached, CancellationToken cancellationToken)
    {
        for (var pass = 0; pass < CatchUpsMax; pass++)
        {
            // An instant without writes: whatever has a number at or below this one is committed, or never will be.
            await using var instant = await connection.BeginTransactionAsync(cancellationToken);
            await connection.RunAsync(StopWrites, cancellationToken);
            var now = await connection.ReadAsync<long>("select last_value from es.seq", cancellationToken);
            await instant.CommitAsync(cancellationToken);
            if (now - reached <= LockedEventsMax) return reached;
            await ReplayChangesAsync(connection, reached, now, cancellationToken);
            reached = now;
        }
        return reached;
    }

    private async Task SwapAsync(NpgsqlConnection connection, long reached, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.RunAsync(ProjectionCatalog.Lock, cancellationToken);
        await connection.RunAsync(StopWrites, cancellationToken);
        var last = await connection.ReadAsync<long>("select last_value from es.seq", cancellationToken);
        await ReplayChangesAsync(connection, reached, last, cancellationToken);
        await connection.RunAsync("alter schema fhir rename to fhir_old; alter schema fhir_next rename to fhir", cancellationToken);
        await connection.RunAsync("alter schema fhir_past rename to fhir_past_old", cancellationToken);
        await connection.RunAsync("alter schema fhir_past_next rename to fhir_past", cancellationToken);
        await connection.RunAsync("""
            update es.search_parameter set state = 3, changed_at = now() where state = 2;
            delete from es.search_parameter where state = 4;
            update es.search_set set revision = revision + 1
            """, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Makes the rows of every resource with an event in (from, upto] anew, and adds those of the versions that these superseded.</summary>
    private async Task ReplayChangesAsync(NpgsqlConnection connection, long from, long upto, CancellationToken cancellationToken)
    {
        var replay = new IndexReplay(rules, NextSchema, IndexReplay.GiveMissingARow);
        await using var find = new NpgsqlCommand("select distinct rid, type from es.event where seq > $1 and seq <= $2", connection)
        {
            Parameters = { new NpgsqlParameter<long> { TypedValue = from }, new NpgsqlParameter<long> { TypedValue = upto } },
        };
        var changed = new List<(long Rid, TypeDefinition Type)>();
        await using (var rows = await find.ExecuteReaderAsync(cancellationToken))
            while (await rows.ReadAsync(cancellationToken)) changed.Add((rows.GetInt64(0), rules.Release.TypeOfNumber(rows.GetInt16(1))));

        var registered = await RegisteredAsync(connection, cancellationToken);
        foreach (var type in changed.Select(change => change.Type).Distinct().Except(registered).ToList())
        {
            await CreateTablesAsync(connection, type, cancellationToken);
            await connection.RunAsync(replay.TablesOf(type).CreateIndexes.Text, cancellationToken);
        }
        foreach (var page in changed.Chunk(PageRids))
        {
            var rids = new NpgsqlParameter<long[]> { TypedValue = Array.ConvertAll(page, change => change.Rid) };
            await using (var clear = connection.CreateBatch())
            {
                foreach (var table in page.Select(change => change.Type).Distinct().SelectMany(type => replay.TablesOf(type).TableNames))
                    clear.BatchCommands.Add(new SqlBuilder().Append($"delete from {table} where rid = any({rids.TypedValue})").Statement());
                await clear.ExecuteNonQueryAsync(cancellationToken);
            }
            await using var some = new NpgsqlCommand(SqlFile.Read("replay-some.sql"), connection) { Parameters = { rids } };
            await replay.WriteAsync(connection, await replay.ReadAsync(some, cancellationToken), cancellationToken);
            ThrowIfDamaged(replay);
        }
        for (var start = from; start < upto; start += PageEvents)
            await ReplayPastAsync(connection, replay, start, Math.Min(start + PageEvents, upto), cancellationToken);
    }

    /// <summary>The tables in use stay as they are when the log itself is damaged.</summary>
    private static void ThrowIfDamaged(IndexReplay replay)
    {
        if (replay.Unreadable is [var first, ..])
            throw new InvalidDataException($"The stored body of {first.Type.Name} (rid {first.Rid}) cannot be read; run: eventfhir verify.");
    }

    private async Task CreateTablesAsync(NpgsqlConnection connection, TypeDefinition type, CancellationToken cancellationToken)
    {
        var layout = rules.LayoutOf(type);
        await connection.RunAsync(new TypeTables(layout, NextSchema).CreateTables.Text, cancellationToken);
        await using var note = new NpgsqlCommand("insert into fhir_next.layout (type, name, fingerprint) values ($1, $2, $3)", connection)
        {
            Parameters =
            {
                new NpgsqlParameter<short> { TypedValue = (short)type.Number },
                new NpgsqlParameter<string> { TypedValue = type.Name },
                new NpgsqlParameter<string> { TypedValue = TypeTables.Fingerprint(layout) },
            },
        };
        await note.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<List<TypeDefinition>> TypesInUseAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await connection.ReadAllAsync<short>("select type from es.counter union select type from fhir.layout order by 1", cancellationToken))
            .ConvertAll(number => rules.Release.TypeOfNumber(number));

    private async Task<List<TypeDefinition>> RegisteredAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await connection.ReadAllAsync<short>("select type from fhir_next.layout order by 1", cancellationToken))
            .ConvertAll(number => rules.Release.TypeOfNumber(number));
}
