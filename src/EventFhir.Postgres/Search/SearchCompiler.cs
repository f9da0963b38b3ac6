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
/// itself, which finds a page of what is common, and <see cref="Page"/> gathers and sorts whatever it takes. The first page is of the newest
/// versions; each other page is of those that the first one's snapshot saw.
/// </summary>
/// <param name="hasTables">Types never written have no tables, and so no matches.</param>
internal sealed class SearchCompiler(Func<TypeDefinition, bool> hasTables)
{
    /// <summary>Up to so many resources that a chain leads to are looked up one by one.</summary>
    public const int LookedUpMax = 100;

    /// <summary>
    /// The page, if there are at most so many matches beyond the cursor; else one row, whose first column says that there are more. Columns: number
    /// of matches, counted up to one more than the bound; then rid, type, id, version, kind, updated, body, the sort keys as text and, where words
    /// are asked for, the score; on the first page then its snapshot. No row without a match. One match more than the page holds tells whether
    /// there is another page.
    /// </summary>
    /// <param name="at">Null for the first page.</param>
    /// <param name="bound">Null for none: everything is counted.</param>
    public NpgsqlBatchCommand Few(SearchQuery query, SearchCursor? at, int? bound)
    {
        if (at is null && KeyQueries.Is(query)) return ByKey(query, bound);
        if (at is null && bound is { } most && query.Result.Sort.IsEmpty && !WordWriter.HasScore(query)) return InOrder(query, most);
        var sql = new SqlBuilder();
        var keys = SortColumn.Of(query);
        var max = sql.Value(query.Result.Count + 1);
        sql.Append($"with f as materialized (select * from (");
        WriteMatches(sql, query, keys, at?.Snapshot);
        sql.Append($") m");
        if (at is not null) PageKeys.WriteBeyond(sql, keys, at);
        sql.Append($"{LimitOf(bound)}), n as (select count(*) as n from f), p as materialized (select f.* from f");
        PageKeys.WriteOrder(sql, keys, at, new SqlName("f"));
        if (bound is { } all) sql.Append($" limit case when (select n.n from n) <= {Number(all)} then {max} else 1 end");
        else sql.Append($" limit {max}");
        sql.Append($") select (select n.n from n), b.rid, b.type, b.id, b.version, b.kind, b.updated, b.body");
        WriteRest(sql, query, keys, at);
        sql.Append($" from {BodiesOfPage(at)}");
        PageKeys.WriteOrder(sql, keys, at, new SqlName("p"));
        return sql.Statement();
    }

    /// <summary>
    /// As <see cref="Few"/> of a first page, for a search with a chain to few resources that a key finds; if they are more than
    /// <see cref="LookedUpMax"/>, one row of nulls. Null if the search has no such chain.
    /// </summary>
    public NpgsqlBatchCommand? FewThroughKeys(SearchQuery query, int bound)
    {
        if (!query.Result.Sort.IsEmpty || WordWriter.HasScore(query) || KeyQueries.ChainOf(query, hasTables) is not { } key) return null;
        var sql = new SqlBuilder();
        sql.Append($"with k as materialized (select array(");
        new ClauseWriter(sql, query.Definitions, hasTables).SelectByKey(key.Target);
        sql.Append($" limit {Number(LookedUpMax + 1)}) as rids) ");
        // Without the cast PostgreSQL takes the brackets for those of a subquery.
        var lookedUp = (key.Chain, new SqlText("(select k.rids from k)::bigint[]"));
        WriteInOrder(sql, query, bound, SqlWriter.Text($"case when (select cardinality(k.rids) from k) <= {Number(LookedUpMax)} then "), lookedUp);
        return sql.Statement();
    }

    /// <summary>By surrogate: what has to be planned for the values is the matches alone, and the rest is a function, whose plan is kept.</summary>
    private NpgsqlBatchCommand InOrder(SearchQuery query, int bound)
    {
        var sql = new SqlBuilder();
        WriteInOrder(sql, query, bound, condition: default, lookedUp: null);
        return sql.Statement();
    }

    /// <param name="condition">"case when … then ", or nothing.</param>
    private void WriteInOrder(SqlBuilder sql, SearchQuery query, int bound, SqlText condition, (Clause.Chain Chain, SqlText Rids)? lookedUp)
    {
        var max = sql.Value(query.Result.Count + 1);
        sql.Append($"select b.matches, b.rid, b.type, b.id, b.version, b.kind, b.updated, b.body");
        WriteRest(sql, query, [], at: null);
        sql.Append($" from es.page({condition}array(");
        WriteMatches(sql, query, [], snapshot: null, lookedUp);
        sql.Append($"{LimitOf(bound)}){new SqlText(lookedUp is null ? "" : " end")}, {max}, {Number(bound)}) b");
    }

    /// <summary>The plan of the whole is kept, so the bodies are joined without a function.</summary>
    private NpgsqlBatchCommand ByKey(SearchQuery query, int? bound)
    {
        var sql = new SqlBuilder();
        var keys = SortColumn.Of(query);
        sql.Append($"with f as materialized (");
        if (keys.IsEmpty && hasTables(query.Types[0].Type)) new ClauseWriter(sql, query.Definitions, hasTables).SelectByKey(query.Types[0]);
        else WriteMatches(sql, query, keys, snapshot: null);
        sql.Append($"{LimitOf(bound)}) select (select count(*) from f), b.rid, b.type, b.id, b.version, e.kind, b.updated, e.body");
        WriteRest(sql, query, keys, at: null);
        sql.Append($" from (select f.* from f");
        PageKeys.WriteOrder(sql, keys, at: null, new SqlName("f"));
        sql.Append($" limit {query.Result.Count + 1}) p join es.stream b on b.rid = p.rid join es.event e on e.seq = b.seq");
        PageKeys.WriteOrder(sql, keys, at: null, new SqlName("p"));
        return sql.Statement();
    }

    /// <summary>Text, not a value: a plan that is kept would take a tenth of the rows for an unknown limit.</summary>
    private static SqlText LimitOf(int? bound) =>
        bound is { } most ? new SqlText(string.Create(CultureInfo.InvariantCulture, $" limit {most + 1}")) : SqlWriter.Text($"");

    private static SqlText Number(int number) => new(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>Columns: the number of matches, always null; then as <see cref="Few"/>, and where no clause filters, the total.</summary>
    public NpgsqlBatchCommand Page(SearchQuery query, SearchCursor? at)
    {
        var sql = new SqlBuilder();
        var keys = SortColumn.Of(query);
        // Fenced, or the planner may walk an index of the order past all that does not match (the sort-index trap).
        var fence = IsUnfiltered(query) ? "not materialized" : "materialized";
        sql.Append($"with m as {new SqlText(fence)} (");
        WriteMatches(sql, query, keys, at?.Snapshot);
        sql.Append($"), p as materialized (select * from m");
        if (at is not null) PageKeys.WriteBeyond(sql, keys, at);
        PageKeys.WriteOrder(sql, keys, at, new SqlName("m"));
        sql.Append($" limit {query.Result.Count + 1}) select null::bigint, b.rid, b.type, b.id, b.version, b.kind, b.updated, b.body");
        WriteRest(sql, query, keys, at);
        sql.Append($" from {BodiesOfPage(at)}");
        PageKeys.WriteOrder(sql, keys, at, new SqlName("p"));
        return sql.Statement();
    }

    /// <summary>One row: how many resources match.</summary>
    /// <param name="snapshot">pg_snapshot that saw what counts; null for now.</param>
    public NpgsqlBatchCommand Count(SearchQuery query, string? snapshot)
    {
        var sql = new SqlBuilder();
        if (snapshot is null && IsUnfiltered(query))
        {
            WriteTotals(sql, query);
            return sql.Statement();
        }
        sql.Append($"select count(*) from (");
        WriteMatches(sql, query, [], snapshot);
        sql.Append($") c");
        return sql.Statement();
    }

    /// <summary>No clause filters, so the maintained totals are the total.</summary>
    public static bool IsUnfiltered(SearchQuery query) => query.Types.All(type => type.Clauses.IsEmpty);

    /// <summary>The text of a snapshot as what the functions of PostgreSQL take.</summary>
    public static SqlText Seen(SqlBuilder sql, string snapshot) => SqlWriter.Text($"{sql.Value(snapshot)}::text::pg_snapshot");

    /// <summary>The columns after the body.</summary>
    public void WriteRest(SqlBuilder sql, SearchQuery query, ImmutableArray<SortColumn> keys, SearchCursor? at)
    {
        foreach (var key in keys) sql.Append($", p.{key.Name}::text");
        WriteScores(sql, query, at);
        if (at is not null) return;
        sql.Append($", (select pg_current_snapshot()::text)");
        if (!IsUnfiltered(query)) return;
        sql.Append($", (");
        WriteTotals(sql, query);
        sql.Append($")");
    }

    /// <summary>Where words are asked for, one column more: how well they are met; for the rows of this page alone.</summary>
    private void WriteScores(SqlBuilder sql, SearchQuery query, SearchCursor? at)
    {
        if (!WordWriter.HasScore(query)) return;
        var clauses = new ClauseWriter(sql, query.Definitions, hasTables, at is null ? null : Seen(sql, at.Snapshot));
        var words = new WordWriter(sql);
        sql.Append($", case b.type");
        foreach (var type in query.Types.Where(type => hasTables(type.Type)))
        {
            sql.Append($" when {(short)type.Type.Number} then ");
            var sources = clauses.SourcesOf(type.Type);
            if (sources.Length > 1) sql.Append($"case when p.seq is null then ");
            words.WriteScore(type, sources[0], new SqlText("p.rid"));
            if (sources.Length == 1) continue;
            sql.Append($" else ");
            words.WriteScore(type, sources[1], new SqlText("p.rid"));
            sql.Append($" end");
        }
        sql.Append($" when 0 then null::numeric end");
    }

    /// <summary>The page p joined with its bodies b.</summary>
    public static SqlText BodiesOfPage(SearchCursor? at) => new(at is null
        ? "es.current(array(select p.rid from p)) b join p on p.rid = b.rid"
        : "es.versions(array(select p.rid from p), array(select p.seq from p)) b join p on p.rid = b.rid");

    private static void WriteTotals(SqlBuilder sql, SearchQuery query)
    {
        var types = query.Types.Select(type => (short)type.Type.Number).ToArray();
        sql.Append($"select coalesce(sum(c.live), 0)::bigint from es.counter c where c.tenant = {Tenant.Text} and c.type = any({types})");
    }

    private void WriteMatches(
        SqlBuilder sql, SearchQuery query, ImmutableArray<SortColumn> keys, string? snapshot, (Clause.Chain Chain, SqlText Rids)? lookedUp = null)
    {
        if (snapshot is null && query.Types.All(type => hasTables(type.Type)) && RecentMatches.TryWrite(sql, query, keys)) return;
        var clauses = new ClauseWriter(sql, query.Definitions, hasTables, snapshot is null ? null : Seen(sql, snapshot)) { LookedUp = lookedUp };
        var isFirst = true;
        foreach (var type in query.Types)
        {
            if (!hasTables(type.Type)) continue;
            foreach (var tables in clauses.SourcesOf(type.Type))
            {
                if (!isFirst) sql.Append($" union all ");
                isFirst = false;
                sql.Append($"select x.rid");
                foreach (var key in keys)
                {
                    sql.Append($", ");
                    key.Write(sql, clauses, type, tables);
                    sql.Append($" as {key.Name}");
                }
                sql.Append($"{tables.Body} from {tables.Main} x where ");
                clauses.WriteAll(type, tables);
            }
        }
        if (!isFirst) return;
        sql.Append($"select null::bigint as rid");
        foreach (var key in keys) sql.Append($", null{key.CastFromText} as {key.Name}");
        if (snapshot is not null) sql.Append($", null::bigint as seq");
        sql.Append($" where false");
    }
}
