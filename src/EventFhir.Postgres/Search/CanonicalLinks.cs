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
    public void WriteForward(TableNames source, ParameterPlacement.UriTerms uris, TableNames target, Action condition) =>
        Write(EndOf(source, uris), new(target, Names, TermHome.Terms), condition);

    /// <summary>A row of the source points by its parameter to the row x of the target.</summary>
    /// <param name="condition">Writes what holds of the source's row x.</param>
    public void WriteReverse(TableNames source, ParameterPlacement.UriTerms uris, TableNames target, Action condition) =>
        Write(new(target, Names, TermHome.Terms), EndOf(source, uris), condition);

    private static End EndOf(TableNames source, ParameterPlacement.UriTerms uris) =>
        new(source, LexiconEntry.NumberOf(uris.Parameter.Code, LexiconKind.Canonical), uris.Home);

    private void Write(End here, End there, Action condition) => TermSets.Write(sql, here.Tables, here.Home, () =>
    {
        sql.Append($"select h.hash from {here.Tables.Lexicon} h where h.parameter = {here.Number} and h.normalized in (");
        sql.Append($"select o.normalized from {there.Tables.Lexicon} o where o.parameter = {there.Number} and o.hash in (");
        if (there.Home is TermHome.Terms) sql.Append($"select unnest(x.terms) from {there.Tables.Main} x where ");
        else sql.Append($"select i.hash from {there.Tables.Identifiers} i where i.rid in (select x.rid from {there.Tables.Main} x where ");
        condition();
        sql.Append($"{new SqlText(there.Home is TermHome.Terms ? "))" : ")))")}");
    });

    /// <summary>The type that points, or the one pointed to.</summary>
    private readonly record struct End(TableNames Tables, int Number, TermHome Home);
}
