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
    private const int RowsPerMatch = 250;
    private static readonly SqlName Newest = new("recorded_at");

    /// <summary>
    /// Columns as of <see cref="SearchCompiler.Page"/>. A full page is the right one; fewer rows say nothing, unless <see cref="IsComplete"/>.
    /// Null if no index has the order.
    /// </summary>
    public NpgsqlBatchCommand? Of(SearchQuery query, SearchCursor? after)
    {
        if (query.Types is not [var only] || !hasTables(only.Type)) return null;
        var keys = SortColumn.Of(query);
        var tables = new TableNames(query.Definitions.LayoutOf(only.Type));
        if (Order(keys, tables, after) is not { } column) return null;

        var sql = new SqlBuilder();
        var rows = (query.Result.Count + 1) * (only.Clauses.IsEmpty && column.Text != Newest.Text ? 1 : RowsPerMatch);
        sql.Append($"with p as materialized (select * from (select x.rid");
        foreach (var key in keys) sql.Append($", x.{column} as {key.Name}");
        sql.Append($" from (");
        if (keys is [{ Key.Code: SearchCatalog.LastUpdated }]) WriteNewest(sql, keys[0], tables, after, rows);
        else WriteStretch(sql, keys, tables, column, after, rows);
        sql.Append($") x where ");
        new ClauseWriter(sql, query.Definitions, hasTables).WriteAll(only, tables);
        sql.Append($") m");
        if (after is not null) SearchCompiler.WriteAfter(sql, keys, after);
        SearchCompiler.WriteOrder(sql, keys, new SqlName("m"));
        sql.Append($" limit {query.Result.Count + 1}) select null::bigint, b.rid, b.type, b.id, b.version, b.kind, b.updated, b.body");
        foreach (var key in keys) sql.Append($", p.{key.Name}::text");
        sql.Append($" from es.current(array(select p.rid from p)) b join p on p.rid = b.rid");
        SearchCompiler.WriteOrder(sql, keys, new SqlName("p"));
        return sql.Statement();
    }

    /// <summary>True if the walk sees all rows that could match, so that its answer is right even if it does not fill the page.</summary>
    public static bool IsComplete(SearchQuery query) => query is { Types: [{ Clauses.IsEmpty: true }], Result.Sort.IsEmpty: true };

    /// <summary>The column whose index has the order; null if there is none. Missing values come last, where the walk does not go.</summary>
    private static SqlName? Order(ImmutableArray<SortColumn> keys, TableNames tables, SearchCursor? after)
    {
        if (keys.IsEmpty) return new SqlName("rid");
        if (keys is not [var key] || key.Key.Code is SearchCatalog.Id || after is { Keys: [null] }) return null;
        if (key.Key.Code is SearchCatalog.LastUpdated) return Newest;
        return ClauseWriter.Stored(tables.Layout.Find(key.Key.Code)!) switch
        {
            ParameterPlacement.DateColumns columns => tables.Column(columns.Low),
            ParameterPlacement.NumberColumns columns => tables.Column(columns.Low),
            ParameterPlacement.QuantityColumns columns => tables.Column(columns.Low),
            _ => null,
        };
    }

    private static void WriteStretch(
        SqlBuilder sql, ImmutableArray<SortColumn> keys, TableNames tables, SqlName column, SearchCursor? after, int rows)
    {
        sql.Append($"select * from {tables.Main} x where ");
        if (keys.IsEmpty) sql.Append($"x.rid > {after?.Rid ?? 0}");
        else sql.Append($"x.{column} is not null");
        if (keys is [var key] && after?.Keys is [{ } value])
            sql.Append($" and x.{column} {new SqlText(key.IsDescending ? "<=" : ">=")} {value}{key.CastFromText}");
        sql.Append($" order by ");
        foreach (var each in keys) sql.Append($"x.{column}{new SqlText(each.IsDescending ? " desc" : "")}, ");
        sql.Append($"x.rid limit {rows}");
    }

    /// <summary>By the log's index on times; versions that are not current any more fall out.</summary>
    private static void WriteNewest(SqlBuilder sql, SortColumn key, TableNames tables, SearchCursor? after, int rows)
    {
        var direction = new SqlText(key.IsDescending ? " desc" : "");
        sql.Append($"select x.*, u.recorded_at from (select e.rid, e.seq, e.recorded_at from es.event e where e.tenant = 0");
        sql.Append($" and e.type = {(short)tables.Type.Number}");
        if (after?.Keys is [{ } value]) sql.Append($" and e.recorded_at {new SqlText(key.IsDescending ? "<=" : ">=")} {value}{key.CastFromText}");
        sql.Append($" order by e.recorded_at{direction}, e.rid limit {rows}) u");
        // Fenced: the planner takes the two conditions for independent, expects no row, and does not stop when the page is full.
        sql.Append($" cross join lateral (select from es.stream s where s.rid = u.rid and s.seq = u.seq offset 0) s");
        sql.Append($" join {tables.Main} x on x.rid = u.rid");
    }
}
