using System.Collections.Immutable;

using EventFhir.Core.Search;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Search;

/// <summary>
/// The matches of a search for nothing but what was written after some instant: taken from the log's index on times, in one pass, and what a stream
/// has moved on from falls out. The condition that <see cref="ClauseWriter"/> writes says the same, but beside other conditions and from the rows of
/// resources, and would have to gather all that is so new before the first match is known.
/// </summary>
internal static class RecentMatches
{
    /// <summary>Writes "select rid, …" with the sort keys; false if the search asks for more than that.</summary>
    public static bool TryWrite(SqlBuilder sql, SearchQuery query, ImmutableArray<SortColumn> keys)
    {
        if (query.Types is not [{ Clauses: [Clause.LastUpdated { Values: [var after] }] } only]) return false;
        if (ClauseWriter.Since(after) is not { } since) return false;
        foreach (var key in keys)
            if (key.Key.Code is not SearchCatalog.LastUpdated) return false;
        sql.Append($"select e.rid");
        foreach (var key in keys) sql.Append($", s.updated as {key.Name}");
        // Fenced: the planner takes the two conditions for independent, expects no row, and reads all streams rather than stop when there are enough.
        sql.Append($" from es.event e cross join lateral (select s.updated from es.stream s where s.rid = e.rid and s.seq = e.seq and not s.deleted");
        sql.Append($" offset 0) s where e.tenant = {Tenant.Text} and e.type = {(short)only.Type.Number} and e.recorded_at >= {since} and ");
        Comparison.Write(sql, after, new SqlText("s.updated"), new SqlText("(s.updated + interval '1 ms')"));
        return true;
    }
}
