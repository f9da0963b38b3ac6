using System.Collections.Immutable;

using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Search;

/// <summary>
/// Turns a query into SQL over layout G (docs/storage.md): first the matches m as surrogates and sort keys, then one page of them by key, then the
/// bodies of that page alone.
/// </summary>
/// <param name="hasTables">Types never written have no tables, and so no matches.</param>
internal sealed class SearchCompiler(Func<TypeDefinition, bool> hasTables)
{
    /// <summary>Columns: rid, type, id, version, kind, updated, body, then the sort keys as text, then the score if there is any. One row more
    /// than the page holds tells whether there is another.</summary>
    public NpgsqlBatchCommand Page(SearchQuery query, SearchCursor? after)
    {
        var sql = new SqlBuilder();
        var keys = SortColumn.Of(query);
        // Fenced where there is something to sort, or the planner may walk the sort index past all that does not match (the sort-index trap).
        var fence = keys.IsEmpty || query.Types.All(type => type.Clauses.IsEmpty) ? "not materialized" : "materialized";
        sql.Append($"with m as {new SqlText(fence)} (");
        WriteMatches(sql, query, keys);
        sql.Append($"), p as (select * from m");
        if (after is not null) WriteAfter(sql, keys, after);
        WriteOrder(sql, keys, new SqlName("m"));
        sql.Append($" limit {query.Result.Count + 1}) select p.rid, s.type, s.id, s.version, e.kind, s.updated, e.body");
        foreach (var key in keys) sql.Append($", p.{key.Name}::text");
        if (WordWriter.HasScore(query)) WriteScores(sql, query);
        sql.Append($" from p join es.stream s on s.rid = p.rid join es.event e on e.seq = s.seq");
        WriteOrder(sql, keys, new SqlName("p"));
        return sql.Statement();
    }

    /// <summary>One row: how many resources match, counted up to a bound.</summary>
    public NpgsqlBatchCommand Count(SearchQuery query, long max)
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
        sql.Append($" limit {max}) c");
        return sql.Statement();
    }

    /// <summary>Of the rows of this page alone.</summary>
    private void WriteScores(SqlBuilder sql, SearchQuery query)
    {
        sql.Append($", case s.type");
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
    private static void WriteOrder(SqlBuilder sql, ImmutableArray<SortColumn> keys, SqlName source)
    {
        sql.Append($" order by ");
        foreach (var key in keys) sql.Append($"{source}.{key.Name}{new SqlText(key.IsDescending ? " desc" : "")} nulls last, ");
        sql.Append($"{source}.rid");
    }

    /// <summary>What comes after the cursor: equal in the first keys and beyond it in the next. Missing values come last in either
    /// direction.</summary>
    private static void WriteAfter(SqlBuilder sql, ImmutableArray<SortColumn> keys, SearchCursor after)
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
