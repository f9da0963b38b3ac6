using System.Collections.Immutable;

using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Search;

/// <summary>
/// Turns a query into SQL over layout G (docs/storage.md): first the matches m as surrogates and sort keys, then one page of them by key, then the
/// bodies of that page alone. Pages after the first, and whatever else belongs to the answer, are compiled as of the snapshot of the first.
/// </summary>
/// <param name="hasTables">Types never written have no tables, and so no matches.</param>
internal sealed class SearchCompiler(Func<TypeDefinition, bool> hasTables)
{
    /// <summary>Columns: rid, type, id, version, kind, updated, body, then the sort keys as text, then the snapshot that the page was read in and,
    /// where no clause filters, the total. One row more than the page holds tells whether there is another.</summary>
    public NpgsqlBatchCommand FirstPage(SearchQuery query)
    {
        var sql = new SqlBuilder();
        var keys = SortColumn.Of(query);
        sql.Append($"with m as {Fence(query, keys)} (");
        WriteMatches(sql, query, keys);
        sql.Append($"), p as (select * from m");
        PageKeys.WriteOrder(sql, keys, PageDirection.Forward, new SqlName("m"));
        sql.Append($" limit {query.Result.Count + 1}) select p.rid, s.type, s.id, s.version, e.kind, s.updated, e.body");
        foreach (var key in keys) sql.Append($", p.{key.Name}::text");
        sql.Append($", (select pg_current_snapshot()::text)");
        if (IsUnfiltered(query))
        {
            sql.Append($", (");
            WriteTotals(sql, query);
            sql.Append($")");
        }
        sql.Append($" from p join es.stream s on s.rid = p.rid join es.event e on e.seq = s.seq");
        PageKeys.WriteOrder(sql, keys, PageDirection.Forward, new SqlName("p"));
        return sql.Statement();
    }

    /// <summary>A page that begins at a cursor; the same columns without the last two. Each source of rows is cut to a page by itself, so that
    /// the order can be an index's.</summary>
    public NpgsqlBatchCommand Page(SearchQuery query, SearchCursor at)
    {
        var sql = new SqlBuilder();
        var keys = SortColumn.Of(query);
        var clauses = new ClauseWriter(sql, query.Definitions, hasTables, Seen(sql, at.Snapshot));
        var sources = query.Types.Where(type => hasTables(type.Type))
            .SelectMany(type => clauses.SourcesOf(type.Type).Select(tables => (Query: type, Tables: tables))).ToList();
        var names = sources.Select((_, place) => new SqlName(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"m{place}"))).ToList();
        for (var place = 0; place < sources.Count; place++)
        {
            sql.Append($"{new SqlText(place == 0 ? "with " : ", ")}{names[place]} as {Fence(query, keys)} (");
            WriteMatches(sql, sources[place].Query, sources[place].Tables, clauses, keys);
            sql.Append($")");
        }
        sql.Append($"{new SqlText(sources.Count == 0 ? "with" : ",")} p as (select * from (");
        for (var place = 0; place < sources.Count; place++)
        {
            sql.Append($"{new SqlText(place == 0 ? "(" : " union all (")}select * from {names[place]} m");
            PageKeys.WriteBeyond(sql, keys, at);
            PageKeys.WriteOrder(sql, keys, at.Direction, new SqlName("m"));
            sql.Append($" limit {query.Result.Count + 1})");
        }
        if (sources.Count == 0) WriteNothing(sql, keys);
        sql.Append($") m");
        PageKeys.WriteOrder(sql, keys, at.Direction, new SqlName("m"));
        sql.Append($" limit {query.Result.Count + 1}) select p.rid, s.type, s.id, e.version, e.kind, e.recorded_at, e.body");
        foreach (var key in keys) sql.Append($", p.{key.Name}::text");
        sql.Append($" from p join es.stream s on s.rid = p.rid join es.event e on e.seq = coalesce(p.seq, s.seq)");
        PageKeys.WriteOrder(sql, keys, at.Direction, new SqlName("p"));
        return sql.Statement();
    }

    /// <summary>One row: how many resources match, counted up to a bound.</summary>
    /// <param name="snapshot">Null: now.</param>
    public NpgsqlBatchCommand Count(SearchQuery query, long max, string? snapshot)
    {
        var sql = new SqlBuilder();
        if (IsUnfiltered(query))
        {
            WriteTotals(sql, query);
            return sql.Statement();
        }
        sql.Append($"select count(*) from (");
        if (snapshot is null) WriteMatches(sql, query, []);
        else WriteMatches(sql, query, snapshot);
        sql.Append($" limit {max}) c");
        return sql.Statement();
    }

    /// <summary>No clause filters, so the maintained totals are the total.</summary>
    public static bool IsUnfiltered(SearchQuery query) => query.Types.All(type => type.Clauses.IsEmpty);

    /// <summary>The text of a snapshot as what the functions of PostgreSQL take.</summary>
    public static SqlText Seen(SqlBuilder sql, string snapshot) => SqlWriter.Text($"{sql.Value(snapshot)}::text::pg_snapshot");

    /// <summary>Fenced where there is something to sort, or the planner may walk the sort index past all that does not match (the sort-index
    /// trap).</summary>
    private static SqlText Fence(SearchQuery query, ImmutableArray<SortColumn> keys) =>
        new(keys.IsEmpty || IsUnfiltered(query) ? "not materialized" : "materialized");

    private static void WriteTotals(SqlBuilder sql, SearchQuery query)
    {
        var types = query.Types.Select(type => (short)type.Type.Number).ToArray();
        sql.Append($"select coalesce(sum(c.live), 0)::bigint from es.counter c where c.tenant = 0 and c.type = any({types})");
    }

    private void WriteMatches(SqlBuilder sql, SearchQuery query, ImmutableArray<SortColumn> keys)
    {
        var clauses = new ClauseWriter(sql, query.Definitions, hasTables, snapshot: null);
        var isFirst = true;
        foreach (var type in query.Types)
        {
            if (!hasTables(type.Type)) continue;
            if (!isFirst) sql.Append($" union all ");
            isFirst = false;
            WriteMatches(sql, type, clauses.SourcesOf(type.Type)[0], clauses, keys);
        }
        if (isFirst) WriteNothing(sql, keys);
    }

    private void WriteMatches(SqlBuilder sql, SearchQuery query, string snapshot)
    {
        var clauses = new ClauseWriter(sql, query.Definitions, hasTables, Seen(sql, snapshot));
        var isFirst = true;
        foreach (var type in query.Types)
        {
            if (!hasTables(type.Type)) continue;
            if (!isFirst) sql.Append($" union all ");
            isFirst = false;
            clauses.Select(type);
        }
        if (isFirst) WriteNothing(sql, []);
    }

    private static void WriteMatches(
        SqlBuilder sql, TypeQuery query, TableNames tables, ClauseWriter clauses, ImmutableArray<SortColumn> keys)
    {
        sql.Append($"select x.rid");
        foreach (var key in keys)
        {
            sql.Append($", ");
            key.Write(sql, tables);
            sql.Append($" as {key.Name}");
        }
        // Which event holds the body: of an unchanged version that is in its stream.
        if (tables.Versions is RowVersions.Unchanged) sql.Append($", null::bigint as seq");
        if (tables.Versions is RowVersions.Past) sql.Append($", x.seq");
        sql.Append($" from {tables.Main} x where ");
        clauses.WriteAll(query, tables);
    }

    private static void WriteNothing(SqlBuilder sql, ImmutableArray<SortColumn> keys)
    {
        sql.Append($"select null::bigint as rid");
        foreach (var key in keys) sql.Append($", null{key.CastFromText} as {key.Name}");
        sql.Append($", null::bigint as seq where false");
    }
}
