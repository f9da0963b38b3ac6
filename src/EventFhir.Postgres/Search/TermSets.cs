using EventFhir.Core.Search.Indexing;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Search;

/// <summary>The condition that the row x has one of a set of terms that a query tells; the query is run once, before the rest of the
/// search.</summary>
internal static class TermSets
{
    /// <param name="home">Where the parameter has its terms.</param>
    /// <param name="select">Writes the query, of one column: hashes.</param>
    public static void Write(SqlBuilder sql, TableNames tables, TermHome home, Action select)
    {
        if (home is TermHome.Identifiers) sql.Append($"x.rid in (select i.rid from {tables.Identifiers} i where i.hash = any(array(");
        else sql.Append($"x.terms && array(");
        select();
        if (home is TermHome.Identifiers) sql.Append($")))");
        else sql.Append($")");
    }
}
