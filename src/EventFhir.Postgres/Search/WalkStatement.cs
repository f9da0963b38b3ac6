using System.Collections.Immutable;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Search;

/// <summary>
/// Takes a stretch of one type's rows in the order asked for, by an index of that order, and keeps what matches. Of a common filter that gives a page
/// at once, however many matches there are; and it can never cost more than the stretch.
/// </summary>
/// <param name="hasTables">Types never written have no tables, and so no matches.</param>
internal sealed class WalkStatement(Func<TypeDefinition, bool> hasTables)
{
    /// <summary>Rows looked at for each match wanted.</summary>
    public const int RowsPerMatch = 250;

    private static readonly SqlName Newest = new("recorded_at");

    /// <summary>
    /// Columns as of <see cref="SearchCompiler.Page"/>, but the first is the number of matches in the stretch. If it fills the page and one more, the
    /// page is the right one; else it says nothing, unless <see cref="IsComplete"/>. Null if no index has the order.
    /// </summary>
    /// <param name="at">Null for the first page.</param>
    public NpgsqlBatchCommand? Of(SearchQuery query, SearchCursor? at)
    {
        if (query.Types is not [var only] || !hasTables(only.Type)) return null;
        var sql = new SqlBuilder();
        var keys = SortColumn.Of(query);
        if (Order(keys, new TableNames(query.Definitions.LayoutOf(only.Type)), at) is not { } column) return null;
        var seen = at is null ? (SqlText?)null : SearchCompiler.Seen(sql, at.Snapshot);
        var clauses = new ClauseWriter(sql, query.Definitions, hasTables, seen) { IsByTime = column == Newest };
        var sources = clauses.SourcesOf(only.Type);

        var rows = (query.Result.Count + 1) * (only.Clauses.IsEmpty && column != Newest ? 1 : RowsPerMatch);
        sql.Append($"with w as materialized (select * from (");
        WriteColumns(sql, keys, column, sources[0]);
        sql.Append($" from (");
        if (column == Newest) WriteNewest(sql, only, keys[0], sources[0], rows);
        else
        {
            sql.Append($"select * from {sources[0].Main} x where {sources[0].IsRead}");
            WriteBound(sql, keys, column, at);
            WriteOrder(sql, keys, column, at);
            sql.Append($" limit {rows}");
        }
        sql.Append($") x where ");
        clauses.WriteAll(only, sources[0]);
        sql.Append($") m");
        // Nothing lacks a time, and with "nulls last" the planner would sort the whole stretch rather than stop when the page is full.
        if (column == Newest) sql.Append($" order by m.{keys[0].Name}{Direction(keys[0])}, m.rid limit {query.Result.Count + 1}");
        else WritePage(sql, query, keys, at);
        sql.Append($"), p as materialized (select * from (select * from w");
        // What has been superseded since the first page is little, and taken as a whole.
        foreach (var past in sources[1..])
        {
            sql.Append($" union all ");
            WriteColumns(sql, keys, column, past);
            sql.Append($" from {past.Main} x where ");
            clauses.WriteAll(only, past);
        }
        sql.Append($") m");
        WritePage(sql, query, keys, at);
        sql.Append($") select (select count(*) from w), b.rid, b.type, b.id, b.version, b.kind, b.updated, b.body");
        new SearchCompiler(hasTables).WriteRest(sql, query, keys, at);
        sql.Append($" from {SearchCompiler.BodiesOfPage(at)}");
        PageKeys.WriteOrder(sql, keys, at, new SqlName("p"));
        return sql.Statement();
    }

    /// <summary>True if the walk sees all rows that could match, so that its answer is right even if it does not fill the page.</summary>
    public static bool IsComplete(SearchQuery query) => query is { Types: [{ Clauses.IsEmpty: true }], Result.Sort.IsEmpty: true };

    private static void WriteColumns(SqlBuilder sql, ImmutableArray<SortColumn> keys, SqlName column, TableNames tables)
    {
        sql.Append($"select x.rid");
        foreach (var key in keys) sql.Append($", x.{column} as {key.Name}");
        sql.Append($"{tables.Body}");
    }

    private static void WritePage(SqlBuilder sql, SearchQuery query, ImmutableArray<SortColumn> keys, SearchCursor? at)
    {
        if (at is not null) PageKeys.WriteBeyond(sql, keys, at);
        PageKeys.WriteOrder(sql, keys, at, new SqlName("m"));
        sql.Append($" limit {query.Result.Count + 1}");
    }

    /// <summary>The column whose index has the order; null if there is none. Missing values come last, where the walk does not go.</summary>
    private static SqlName? Order(ImmutableArray<SortColumn> keys, TableNames tables, SearchCursor? at)
    {
        if (keys.IsEmpty) return new SqlName("rid");
        if (keys is not [var key] || at is { Keys: [null] }) return null;
        if (key.Key.Paths is [SortPath.LastUpdated]) return at is null ? Newest : null;
        if (key.Key.Paths is not [SortPath.Value value]) return null;
        return ClauseWriter.Stored(ClauseWriter.PlacementOf(tables.Layout, value.Parameter)) switch
        {
            ParameterPlacement.DateColumns columns => tables.Column(columns.Low),
            ParameterPlacement.NumberColumns columns => tables.Column(columns.Low),
            ParameterPlacement.QuantityColumns columns => tables.Column(columns.Low),
            _ => null,
        };
    }

    /// <summary>Where the stretch begins, in a form that the index can serve.</summary>
    private static void WriteBound(SqlBuilder sql, ImmutableArray<SortColumn> keys, SqlName column, SearchCursor? at)
    {
        var isForward = at is not { Direction: PageDirection.Backward };
        if (keys.IsEmpty) sql.Append($"x.rid {new SqlText(isForward ? ">" : "<")} {at?.Rid ?? 0}");
        else sql.Append($"x.{column} is not null");
        if (keys is [var key] && at?.Keys is [{ } value])
            sql.Append($" and x.{column} {new SqlText(key.IsDescending == isForward ? "<=" : ">=")} {value}{key.CastFromText}");
    }

    private static void WriteOrder(SqlBuilder sql, ImmutableArray<SortColumn> keys, SqlName column, SearchCursor? at)
    {
        var isForward = at is not { Direction: PageDirection.Backward };
        sql.Append($" order by ");
        foreach (var key in keys) sql.Append($"x.{column}{new SqlText(key.IsDescending == isForward ? " desc, " : ", ")}");
        sql.Append($"x.rid{new SqlText(isForward ? "" : " desc")}");
    }

    /// <summary>By the log's index on times; versions that are not current any more fall out.</summary>
    private static void WriteNewest(SqlBuilder sql, TypeQuery only, SortColumn key, TableNames tables, int rows)
    {
        sql.Append($"select x.*, u.recorded_at from (select e.rid, e.seq, e.recorded_at from es.event e where e.tenant = {Tenant.Text}");
        sql.Append($" and e.type = {(short)tables.Type.Number}");
        foreach (var clause in only.Clauses)
            if (clause is Clause.LastUpdated { Values: [var after] } && ClauseWriter.Since(after) is { } since)
                sql.Append($" and e.recorded_at >= {since}");
        sql.Append($" order by e.recorded_at{Direction(key)}, e.rid limit {rows}) u");
        // Fenced: the planner takes the two conditions for independent, expects no row, and does not stop when the page is full.
        sql.Append($" cross join lateral (select from es.stream s where s.rid = u.rid and s.seq = u.seq offset 0) s");
        sql.Append($" join {tables.Main} x on x.rid = u.rid");
    }

    private static SqlText Direction(SortColumn key) => new(key.IsDescending ? " desc" : "");
}
