using EventFhir.Core.Search.Indexing;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Search;

/// <summary>
/// Follows canonical URLs between resources. Both ends have a term for each URL, but not the same one, and the lexicons have the texts: so terms
/// become texts and texts become the other end's terms. A type has few different ones, whatever the number of its resources.
/// </summary>
internal sealed class CanonicalLinks(SqlBuilder sql)
{
    private static readonly int Names = LexiconEntry.NumberOf("url", LexiconKind.Canonical);

    /// <summary>The row x of the source points by its parameter to a row of the target.</summary>
    /// <param name="condition">Writes what holds of the target's row x.</param>
    public void WriteForward(TableNames source, string code, TableNames target, Action condition) =>
        Write((source, LexiconEntry.NumberOf(code, LexiconKind.Canonical)), (target, Names), condition);

    /// <summary>A row of the source points by its parameter to the row x of the target.</summary>
    /// <param name="condition">Writes what holds of the source's row x.</param>
    public void WriteReverse(TableNames source, string code, TableNames target, Action condition) =>
        Write((target, Names), (source, LexiconEntry.NumberOf(code, LexiconKind.Canonical)), condition);

    private void Write((TableNames Tables, int Number) here, (TableNames Tables, int Number) there, Action condition)
    {
        sql.Append($"x.terms && array(select h.hash from {here.Tables.Lexicon} h where h.parameter = {here.Number} and h.normalized in (");
        sql.Append($"select o.normalized from {there.Tables.Lexicon} o where o.parameter = {there.Number} and o.hash in (");
        sql.Append($"select unnest(x.terms) from {there.Tables.Main} x where ");
        condition();
        sql.Append($")))");
    }
}
