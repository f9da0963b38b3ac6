using System.Collections.Immutable;

using EventFhir.Core.Search;

namespace EventFhir.Postgres.Search;

/// <summary>A search with everything that was asked for it beside its own statement.</summary>
/// <param name="HasAsked">False if there was nothing to ask.</param>
public sealed record AnsweredSearch(SearchQuery Query, bool HasAsked)
{
    /// <summary>True if both were answered alike, so that their pages go together.</summary>
    public bool IsSame(AnsweredSearch other) =>
        TerminologyClauses.HaveSameAnswers(Query, other.Query) && IdsOf(Query).SequenceEqual(IdsOf(other.Query), StringComparer.Ordinal);

    private static ImmutableArray<string> IdsOf(SearchQuery query) => [.. query.Types.SelectMany(IdsOf)];

    private static IEnumerable<string> IdsOf(TypeQuery query) => query.Clauses.SelectMany(IdsOf);

    private static IEnumerable<string> IdsOf(Clause clause) => clause switch
    {
        Clause.Id id => id.Ids.Append(""),
        Clause.Not not => IdsOf(not.Inner),
        Clause.AllOf all => all.Clauses.SelectMany(IdsOf),
        Clause.AnyOf any => any.Clauses.SelectMany(IdsOf),
        Clause.Chain chain => chain.Targets.SelectMany(IdsOf),
        Clause.Has has => IdsOf(has.Source),
        _ => [],
    };
}
