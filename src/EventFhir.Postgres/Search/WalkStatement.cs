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
        var rows = (query.Result.Count + 1) * (only.Clauses.IsEmpty ? 1 : RowsPerMatch);
        sql.Append($"with p as materialized (select * from (select x.rid");
        foreach (var key in keys) sql.Append($", x.{column} as {key.Name}");
        sql.Append($" from (select * from {tables.Main} x where ");
        WriteBound(sql, keys, column, after);
        sql.Append($" order by ");
        foreach (var key in keys) sql.Append($"x.{column}{new SqlText(key.IsDescending ? " desc" : "")}, ");
        sql.Append($"x.rid limit {rows}) x where ");
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
        if (keys is not [var key] || key.Key.Code is SearchCatalog.Id or SearchCatalog.LastUpdated || after is { Keys: [null] }) return null;
        return ClauseWriter.Stored(tables.Layout.Find(key.Key.Code)!) switch
        {
            ParameterPlacement.DateColumns columns => tables.Column(columns.Low),
            ParameterPlacement.NumberColumns columns => tables.Column(columns.Low),
            ParameterPlacement.QuantityColumns columns => tables.Column(columns.Low),
            _ => null,
        };
    }

    /// <summary>Where the stretch begins, in a form that the index can serve.</summary>
    private static void WriteBound(SqlBuilder sql, ImmutableArray<SortColumn> keys, SqlName column, SearchCursor? after)
    {
        if (keys.IsEmpty) sql.Append($"x.rid > {after?.Rid ?? 0}");
        else sql.Append($"x.{column} is not null");
        if (keys is [var key] && after?.Keys is [{ } value])
            sql.Append($" and x.{column} {new SqlText(key.IsDescending ? "<=" : ">=")} {value}{key.CastFromText}");
    }
}
