using System.Collections.Immutable;
using System.Data;

using EventFhir.Core.Events;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Reading;

/// <summary>Reads histories, newest or oldest first, in the order of the log. Wall-clock time filters but never orders.</summary>
public sealed class HistoryReader(EventDatabase database, Release release)
{
    /// <summary>A filtered history is counted up to here; beyond it the total is left out.</summary>
    public const int CountMax = 10_000;

    /// <summary>A page ends early when its bodies reach this.</summary>
    private const int PageBytesMax = 64 << 20;

    /// <summary>Always a page; that of a resource which never existed is empty and has total 0.</summary>
    public Task<HistoryPage> ReadAsync(HistoryQuery query, CancellationToken cancellationToken) =>
        database.ReadAsync(query, ReadOnceAsync, cancellationToken);

    private async Task<HistoryPage> ReadOnceAsync(NpgsqlConnection connection, HistoryQuery query, CancellationToken cancellationToken)
    {
        await using var batch = connection.CreateBatch();
        batch.BatchCommands.Add(Statement(query));
        await using var row = await batch.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellationToken);
        var entries = ImmutableArray.CreateBuilder<StoredVersion>(query.Count);
        long? total = query.After?.Total;
        var snapshot = query.After?.Snapshot ?? "";
        var last = 0L;
        var bytes = 0;
        HistoryCursor? next = null;
        while (await row.ReadAsync(cancellationToken))
        {
            if (query.After is null)
            {
                total = row.IsDBNull(0) ? 0 : row.GetInt64(0);
                if (query.IsFiltered && total > CountMax) total = null;
                snapshot = query.AsOf is null ? row.GetString(1) : HistoryCursor.NoSnapshot;
            }
            // The one row without an event carries total and snapshot of an empty page.
            if (row.IsDBNull(2)) continue;
            if (entries.Count == query.Count || bytes > PageBytesMax)
            {
                if (entries.Count > 0) next = new HistoryCursor(last, snapshot, total);
                break;
            }
            last = row.GetInt64(2);
            var entry = Read(row);
            bytes += entry.Body.Length;
            entries.Add(entry);
        }
        return new HistoryPage(entries.DrainToImmutable(), total, next);
    }

    private StoredVersion Read(NpgsqlDataReader row)
    {
        var type = release.TypeOfNumber(row.GetInt16(3));
        if (!ResourceId.TryParse(row.GetString(4), out var id)) throw new InvalidDataException("A stored id is malformed.");
        return new StoredVersion(
            new ResourceKey(type, id),
            row.GetInt32(5),
            (VersionKind)row.GetInt16(6),
            new DateTimeOffset(row.GetDateTime(7)),
            row.IsDBNull(8) ? ReadOnlyMemory<byte>.Empty : row.GetFieldValue<byte[]>(8));
    }

    /// <summary>
    /// Total and snapshot in one row, joined to the page, so that both belong to the same snapshot; one entry more than the page holds tells
    /// whether there is another page.
    /// </summary>
    private static NpgsqlBatchCommand Statement(HistoryQuery query)
    {
        // Parts of the statement are chosen here; each value is a parameter of the same writer.
        var ascending = query.Order is HistoryOrder.OldestFirst;
        var sql = new SqlBuilder();
        var order = new SqlName(query.AsOf is null ? "seq" : "position");
        sql.Append($"select t.total, t.snapshot, e.{order}, e.type, s.id, e.version, e.kind, e.recorded_at, e.body from (select ");
        if (query.After is not null) sql.Append($"null::bigint as total, null::text as snapshot");
        else
        {
            AppendTotal(sql, query);
            sql.Append($" as total, pg_current_snapshot()::text as snapshot");
        }
        sql.Append($") t left join lateral (select e.*{new SqlText(query.AsOf is null ? "" : ", f.position")} from {EventsOf(query)}");
        AppendConditions(sql, query);
        if (query.After is { } after)
        {
            if (query.AsOf is null) sql.Append($" and pg_visible_in_snapshot(e.xid, {after.Snapshot}::text::pg_snapshot)");
            sql.Append($" and {PlaceOf(query)} {new SqlText(ascending ? ">" : "<")} {after.Sequence}");
        }
        // Within one resource, version order is log order, and there is an index on it.
        switch (query.Scope, ascending)
        {
            case (HistoryScope.Instance, true): sql.Append($" order by e.version"); break;
            case (HistoryScope.Instance, false): sql.Append($" order by e.version desc"); break;
            case (_, true): sql.Append($" order by {PlaceOf(query)}"); break;
            default: sql.Append($" order by {PlaceOf(query)} desc"); break;
        }
        sql.Append($" limit {query.Count + 1}) e on true left join es.stream s on s.rid = e.rid");
        sql.Append($" order by e.{order}{new SqlText(ascending ? "" : " desc")}");
        return sql.Statement();
    }

    /// <summary>Maintained totals where nothing is filtered; else counted, up to a bound.</summary>
    private static void AppendTotal(SqlBuilder sql, HistoryQuery query)
    {
        if (query.IsFiltered)
        {
            sql.Append($"(select count(*) from (select from {EventsOf(query)}");
            AppendConditions(sql, query);
            sql.Append($" limit {CountMax + 1}) c)");
            return;
        }
        switch (query.Scope)
        {
            case HistoryScope.Instance { Key: var key }:
                sql.Append($"(select s.version::bigint from es.stream s where s.tenant = {Tenant.Only}")
                    .Append($" and s.type = {(short)key.Type.Number} and s.id = {key.Id.Value})");
                break;
            case HistoryScope.OfType { Type: var type }:
                sql.Append($"(select sum(c.versions)::bigint from es.counter c where c.tenant = {Tenant.Only} and c.type = {(short)type.Number})");
                break;
            default:
                sql.Append($"(select sum(c.versions)::bigint from es.counter c where c.tenant = {Tenant.Only})");
                break;
        }
    }

    private static SqlText EventsOf(HistoryQuery query) =>
        new(query.AsOf is null ? "es.event e" : "es.event e join es.feed f on f.seq = e.seq");

    private static SqlText PlaceOf(HistoryQuery query) => new(query.AsOf is null ? "e.seq" : "f.position");

    private static void AppendConditions(SqlBuilder sql, HistoryQuery query)
    {
        switch (query.Scope)
        {
            case HistoryScope.Instance { Key: var key }:
                sql.Append($" where e.rid = (select s.rid from es.stream s where s.tenant = {Tenant.Only}")
                    .Append($" and s.type = {(short)key.Type.Number} and s.id = {key.Id.Value})");
                break;
            case HistoryScope.OfType { Type: var type }:
                sql.Append($" where e.tenant = {Tenant.Only} and e.type = {(short)type.Number}");
                break;
            default:
                sql.Append($" where e.tenant = {Tenant.Only}");
                break;
        }
        if (query.AsOf is { } moment)
        {
            sql.Append($" and f.position <= {moment.Cursor.Position}");
            // Said of the feed as well, so that its index on types is of use.
            if (query.Scope is HistoryScope.OfType ofType) sql.Append($" and f.tenant = {Tenant.Only} and f.type = {(short)ofType.Type.Number}");
        }
        if (query.Among is { } among)
        {
            short[] types = [.. among.Select(static key => (short)key.Type.Number)];
            string[] ids = [.. among.Select(static key => key.Id.Value)];
            sql.Append($" and e.rid = any(array(select s.rid from unnest({types}::smallint[], {ids}::text[]) w (type, id)")
                .Append($" join es.stream s on s.tenant = {Tenant.Only} and s.type = w.type and s.id = w.id collate \"C\"))");
        }
        if (query.Since is { } since) sql.Append($" and e.recorded_at >= {since.UtcDateTime}");
        if (query.Before is { } before) sql.Append($" and e.recorded_at < {before.UtcDateTime}");
        if (query.AtBefore is { } atBefore) sql.Append($" and e.recorded_at < {atBefore.UtcDateTime}");
        // A version is current until the next one is written.
        if (query.AtFrom is not { } atFrom) return;
        sql.Append($" and not exists (select from es.event n where n.rid = e.rid and n.version = e.version + 1")
            .Append($" and n.recorded_at <= {atFrom.UtcDateTime}");
        if (query.AsOf is { } then) sql.Append($" and exists (select from es.feed g where g.seq = n.seq and g.position <= {then.Cursor.Position})");
        sql.Append($")");
    }
}
