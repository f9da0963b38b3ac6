using System.Data;

using EventFhir.Core.Events;
using EventFhir.Core.Feed;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Reading;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Feed;

/// <summary>Reads pages of the feed, by position. What was written together is never torn apart.</summary>
public sealed class FeedReader(EventDatabase database, Release release)
{
    /// <summary>How far one page looks for events that its filter wants; less far where bodies have to be read for it.</summary>
    private const int PositionsPerPageMax = 50_000;
    private const int BodiesPerPageMax = 5_000;

    /// <summary>A page ends early when its bodies reach this.</summary>
    private const int PageBytesMax = 16 << 20;

    private const int RowsPerStatementMax = 1_000;

    private static readonly string StateText = SqlFile.Read("feed-state.sql");
    private static readonly string AwaitText = SqlFile.Read("feed-await.sql");

    /// <param name="epoch">Of the cursor that a reader has.</param>
    public async Task<FeedState> StateAsync(int epoch, CancellationToken cancellationToken)
    {
        await using var command = database.Feed.CreateCommand(StateText);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = epoch });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new FeedState(new FeedCursor(row.GetInt32(0), row.GetInt64(1)), row.GetInt64(2), row.GetInt64(3), row.GetBoolean(4));
    }

    /// <summary>The last position of the batches that were closed by an instant, and the epoch; null for the future. An answer is for ever.</summary>
    public async Task<FeedCursor?> AtAsync(DateTimeOffset instant, CancellationToken cancellationToken)
    {
        await using var command = database.Sequencer.CreateCommand("select s.epoch, es.position_at($1) from es.sequencer s where s.id = 1");
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = instant.UtcDateTime });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return row.IsDBNull(1) ? null : new FeedCursor(row.GetInt32(0), row.GetInt64(1));
    }

    /// <summary>The last position of a transaction, in the epoch of the feed; null while not all of it is placed.</summary>
    public async Task<FeedCursor?> FindAsync(Guid transaction, CancellationToken cancellationToken)
    {
        await using var command = database.Feed.CreateCommand(AwaitText);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = transaction });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return row.GetInt64(0) > 0 && row.GetBoolean(2) ? new FeedCursor(row.GetInt32(3), row.GetInt64(1)) : null;
    }

    /// <param name="head">The last position that may be shown; it is committed.</param>
    public async Task<FeedPage> ReadAsync(FeedQuery query, long head, CancellationToken cancellationToken)
    {
        if (query.After >= head) return new FeedPage([], query.After, IsFull: false);
        var reach = query.Filter.Criteria is null ? PositionsPerPageMax : BodiesPerPageMax;
        var upto = query.Filter.IsAll ? head : Math.Min(head, query.After + reach);
        var events = new List<FeedEvent>(Math.Min(query.Limit + 1, 1_000));
        var isCut = await ReadAsync(events, query, query.After, upto, isRest: false, cancellationToken);
        if (!isCut) return new FeedPage(events, upto, IsFull: upto < head);

        // The last one told where to stop; its transaction is begun on the next page, unless there is nothing else on this one.
        var beyond = events[^1].Transaction;
        var kept = events.Count - 1;
        while (kept > 0 && events[kept - 1].Transaction == beyond) kept--;
        if (kept > 0)
        {
            events.RemoveRange(kept, events.Count - kept);
            return new FeedPage(events, events[^1].Position, IsFull: true);
        }
        isCut = await ReadAsync(events, query, events[^1].Position, upto, isRest: true, cancellationToken);
        if (!isCut) return new FeedPage(events, upto, IsFull: upto < head);
        events.RemoveAt(events.Count - 1);
        return new FeedPage(events, events[^1].Position, IsFull: true);
    }

    /// <summary>True if it ended before there was no more: with one event too many.</summary>
    /// <param name="isRest">Whether only the rest of the transaction at the end of the list is wanted, however long it is.</param>
    private async Task<bool> ReadAsync(
        List<FeedEvent> events, FeedQuery query, long after, long upto, bool isRest, CancellationToken cancellationToken)
    {
        await using var connection = await database.Feed.OpenConnectionAsync(cancellationToken);
        // Whoever looks for something rare reads more rows than it keeps.
        var rows = isRest || query.Filter.Criteria is not null ? RowsPerStatementMax : query.Limit + 1;
        for (var bytes = 0L; ; )
        {
            await using var batch = connection.CreateBatch();
            batch.BatchCommands.Add(Statement(query, after, upto, rows));
            await using var row = await batch.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellationToken);
            var count = 0;
            for (; await row.ReadAsync(cancellationToken); count++)
            {
                var e = Read(row, query);
                after = e.Position;
                if (query.Filter.Criteria is { AreMet: var areMet } && !areMet(e.Key.Type, e.Body) && !areMet(e.Key.Type, e.Previous)) continue;
                var isBeyond = isRest
                    ? e.Transaction != events[^1].Transaction
                    : events.Count == query.Limit || (bytes > PageBytesMax && events.Count > 0);
                bytes += e.Body.Length + e.Previous.Length;
                events.Add(e);
                if (isBeyond) return true;
            }
            if (count < rows) return false;
        }
    }

    private FeedEvent Read(NpgsqlDataReader row, FeedQuery query)
    {
        var position = row.GetInt64(0);
        var type = release.TypeOfNumber(row.GetInt16(1));
        if (!ResourceId.TryParse(row.GetString(2), out var id)) throw new InvalidDataException("A stored id is malformed.");
        var version = row.GetInt32(3);
        var kind = (VersionKind)row.GetInt16(4) switch
        {
            VersionKind.Updated => FeedEventKind.Updated,
            VersionKind.Deleted => FeedEventKind.Deleted,
            VersionKind.Erased => FeedEventKind.Erased,
            _ => FeedEventKind.Created,
        };
        var recordedAt = new DateTimeOffset(row.GetDateTime(5));
        var (eventId, transaction) = (row.GetGuid(6), row.GetGuid(7));
        var actor = row.IsDBNull(8) ? null : row.GetString(8);
        var trace = row.IsDBNull(9) ? null : row.GetString(9);
        return new FeedEvent(
            position, eventId, transaction, new ResourceKey(type, id), version, kind, recordedAt, actor, trace,
            NeedsBody(query) && !row.IsDBNull(10) ? row.GetFieldValue<byte[]>(10) : ReadOnlyMemory<byte>.Empty,
            NeedsPrevious(query) && !row.IsDBNull(11) ? row.GetFieldValue<byte[]>(11) : ReadOnlyMemory<byte>.Empty);
    }

    private static bool NeedsBody(FeedQuery query) => query.Body is not FeedBody.None || query.Filter.Criteria is not null;

    private static bool NeedsPrevious(FeedQuery query) =>
        query.WithPrevious || query.Body is FeedBody.ChangedPaths || query.Filter.Criteria is not null;

    private static NpgsqlBatchCommand Statement(FeedQuery query, long after, long upto, int rows)
    {
        var sql = new SqlBuilder();
        sql.Append($"select f.position, e.type, s.id, e.version, e.kind, e.recorded_at, e.event_id, e.tx_id, e.actor, e.trace, ");
        if (NeedsBody(query)) sql.Append($"e.body, ");
        else sql.Append($"null, ");
        if (NeedsPrevious(query)) sql.Append($"(select p.body from es.event p where p.rid = e.rid and p.version = e.version - 1)");
        else sql.Append($"null");
        sql.Append($" from es.feed f join es.event e on e.seq = f.seq join es.stream s on s.rid = e.rid");
        sql.Append($" where f.position > {after} and f.position <= {upto} and f.tenant = {Tenant.Only}");
        var filter = query.Filter;
        if (!filter.Types.IsEmpty) sql.Append($" and f.type = any ({filter.Types.Select(static type => (short)type.Number).ToArray()})");
        if (!filter.Kinds.IsEmpty) sql.Append($" and e.kind = any ({filter.Kinds.SelectMany(Codes).ToArray()})");
        if (!filter.Resources.IsEmpty)
        {
            var types = sql.Value(filter.Resources.Select(static key => (short)key.Type.Number).ToArray());
            var ids = sql.Value(filter.Resources.Select(static key => key.Id.Value).ToArray());
            sql.Append($" and e.rid = any (array(select r.rid from unnest({types}, {ids}) k(type, id) join es.stream r")
                .Append($" on r.tenant = {Tenant.Only} and r.type = k.type and r.id = k.id))");
        }
        if (filter.Shard is { } shard) sql.Append($" and e.rid % {(long)shard.Count} = {(long)shard.Number - 1}");
        sql.Append($" order by f.position limit {rows}");
        return sql.Statement();
    }

    private static IEnumerable<short> Codes(FeedEventKind kind) => kind switch
    {
        FeedEventKind.Created => [(short)VersionKind.Created, (short)VersionKind.CreatedByUpdate],
        FeedEventKind.Updated => [(short)VersionKind.Updated],
        FeedEventKind.Erased => [(short)VersionKind.Erased],
        _ => [(short)VersionKind.Deleted],
    };
}
