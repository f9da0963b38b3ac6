using System.Collections.Immutable;
using System.Globalization;

using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Search;

/// <summary>
/// Turns a query into SQL over layout G (docs/storage.md): first the matches as surrogates and sort keys, then one page of them by key, then the
/// bodies of that page alone. Three statements share the work, since no plan suits rare and common filters alike, and the planner cannot know
/// how matches lie along an order: <see cref="Few"/> gathers all matches if they are few, <see cref="WalkStatement"/> walks a stretch of the order
/// itself, which finds a page of what is common, and <see cref="Page"/> gathers and sorts whatever it takes.
/// </summary>
/// <param name="hasTables">Types never written have no tables, and so no matches.</param>
internal sealed class SearchCompiler(Func<TypeDefinition, bool> hasTables)
{
    /// <summary>
    /// The page, if there are at most so many matches after the cursor; else only that there are more. Columns: number of matches, counted up to one
    /// more than the bound; then rid, type, id, version, kind, updated, body, the sort keys as text and, where words are asked for, the score,
    /// all null in the one row that there is without a page. One match more than the page holds tells whether there is another page.
    /// </summary>
    /// <param name="bound">Null for none: everything is counted.</param>
    public NpgsqlBatchCommand Few(SearchQuery query, SearchCursor? after, int? bound)
    {
        var sql = new SqlBuilder();
        var keys = SortColumn.Of(query);
        // Text, not a value: a plan that is kept would take a tenth of the rows for an unknown limit.
        var limit = new SqlText(bound is { } most ? string.Create(CultureInfo.InvariantCulture, $" limit {most + 1}") : "");
        var condition = new SqlText(bound is { } all ? string.Create(CultureInfo.InvariantCulture, $"n.n <= {all}") : "true");
        sql.Append($"with f as materialized (select * from (");
        WriteMatches(sql, query, keys);
        sql.Append($") m");
        if (after is not null) WriteAfter(sql, keys, after);
        sql.Append($"{limit}), n as (select count(*) as n from f), p as materialized (select f.* from n join f on {condition}");
        WriteOrder(sql, keys, new SqlName("f"));
        sql.Append($" limit {query.Result.Count + 1}) select n.n, b.rid, b.type, b.id, b.version, b.kind, b.updated, b.body");
        foreach (var key in keys) sql.Append($", p.{key.Name}::text");
        WriteScores(sql, query, new SqlText("b.type"));
        sql.Append($" from n left join (es.current(array(select p.rid from p)) b join p on p.rid = b.rid) on true");
        WriteOrder(sql, keys, new SqlName("p"));
        return sql.Statement();
    }

    /// <summary>Columns: the number of matches, always null; then as <see cref="Few"/>, but no row without a match.</summary>
    public NpgsqlBatchCommand Page(SearchQuery query, SearchCursor? after)
    {
        var sql = new SqlBuilder();
        var keys = SortColumn.Of(query);
        // Fenced, or the planner may walk an index of the order past all that does not match (the sort-index trap).
        var fence = query.Types.All(type => type.Clauses.IsEmpty) ? "not materialized" : "materialized";
        sql.Append($"with m as {new SqlText(fence)} (");
        WriteMatches(sql, query, keys);
        sql.Append($"), p as (select * from m");
        if (after is not null) WriteAfter(sql, keys, after);
        WriteOrder(sql, keys, new SqlName("m"));
        sql.Append($" limit {query.Result.Count + 1}) select null::bigint, p.rid, s.type, s.id, s.version, e.kind, s.updated, e.body");
        foreach (var key in keys) sql.Append($", p.{key.Name}::text");
        WriteScores(sql, query, new SqlText("s.type"));
        sql.Append($" from p join es.stream s on s.rid = p.rid join es.event e on e.seq = s.seq");
        WriteOrder(sql, keys, new SqlName("p"));
        return sql.Statement();
    }

    /// <summary>One row: how many resources match.</summary>
    public NpgsqlBatchCommand Count(SearchQuery query)
    {
        var sql = new SqlBuilder();
        if (query.Types.All(type => type.Clauses.IsEmpty))
        {
            var types = query.Types.Select(type => (short)type.Type.Number).ToArray();
            sql.Append($"select coalesce(sum(c.live), 0)::bigint from es.counter c where c.tenant = 0 and c.type = any({types})");
            return sql.Statement();
        }
        sql.Append($"select count(*) from (");
        WriteMatches(sql, query, []);
        sql.Append($") c");
        return sql.Statement();
    }

    /// <summary>Where words are asked for, one column more: how well they are met; for the rows of this page alone.</summary>
    private void WriteScores(SqlBuilder sql, SearchQuery query, SqlText typeColumn)
    {
        if (!WordWriter.HasScore(query)) return;
        sql.Append($", case {typeColumn}");
        foreach (var type in query.Types.Where(type => hasTables(type.Type)))
        {
            sql.Append($" when {(short)type.Type.Number} then ");
            new WordWriter(sql).WriteScore(type, new TableNames(query.Definitions.LayoutOf(type.Type)), new SqlText("p.rid"));
        }
        sql.Append($" when 0 then null::numeric end");
    }

    private void WriteMatches(SqlBuilder sql, SearchQuery query, ImmutableArray<SortColumn> keys)
    {
        var clauses = new ClauseWriter(sql, query.Definitions, hasTables);
        var isFirst = true;
        foreach (var type in query.Types)
        {
            if (!hasTables(type.Type)) continue;
            if (!isFirst) sql.Append($" union all ");
            isFirst = false;
            var tables = new TableNames(query.Definitions.LayoutOf(type.Type));
            sql.Append($"select x.rid");
            foreach (var key in keys)
            {
                sql.Append($", ");
                key.Write(sql, type, tables);
                sql.Append($" as {key.Name}");
            }
            sql.Append($" from {tables.Main} x where ");
            clauses.WriteAll(type, tables);
        }
        if (!isFirst) return;
        sql.Append($"select null::bigint as rid");
        foreach (var key in keys) sql.Append($", null{key.CastFromText} as {key.Name}");
        sql.Append($" where false");
    }

    /// <param name="source">Named, because the page also puts the keys out as text under the same names.</param>
    internal static void WriteOrder(SqlBuilder sql, ImmutableArray<SortColumn> keys, SqlName source)
    {
        sql.Append($" order by ");
        foreach (var key in keys) sql.Append($"{source}.{key.Name}{new SqlText(key.IsDescending ? " desc" : "")} nulls last, ");
        sql.Append($"{source}.rid");
    }

    /// <summary>What comes after the cursor: equal in the first keys and beyond it in the next. Missing values come last in either
    /// direction.</summary>
    internal static void WriteAfter(SqlBuilder sql, ImmutableArray<SortColumn> keys, SearchCursor after)
    {
        sql.Append($" where (");
        for (var place = 0; place < keys.Length; place++)
        {
            if (after.Keys[place] is not { } value) continue;
            WriteEqual(sql, keys[..place], after);
            var key = keys[place];
            sql.Append($"({key.Name} {new SqlText(key.IsDescending ? "<" : ">")} {value}{key.CastFromText} or {key.Name} is null) or ");
        }
        WriteEqual(sql, keys, after);
        sql.Append($"rid > {after.Rid})");
    }

    private static void WriteEqual(SqlBuilder sql, ImmutableArray<SortColumn> keys, SearchCursor after)
    {
        for (var place = 0; place < keys.Length; place++)
        {
            if (after.Keys[place] is { } value) sql.Append($"{keys[place].Name} = {value}{keys[place].CastFromText} and ");
            else sql.Append($"{keys[place].Name} is null and ");
        }
    }
}
