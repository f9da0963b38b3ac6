using EventFhir.Core.Search;
using EventFhir.Model.Definitions;

namespace EventFhir.Postgres.Search;

/// <summary>The types whose tables a query reads: those searched, and those that its chains, _has and includes lead to.</summary>
internal static class QueriedTypes
{
    public static IEnumerable<TypeDefinition> Of(SearchQuery query) =>
        query.Types.SelectMany(Of).Concat(query.Result.Includes.Select(include => include.Source));

    private static IEnumerable<TypeDefinition> Of(TypeQuery query) => query.Clauses.SelectMany(Of).Prepend(query.Type);

    private static IEnumerable<TypeDefinition> Of(Clause clause) => clause switch
    {
        Clause.Not not => Of(not.Inner),
        Clause.AllOf all => all.Clauses.SelectMany(Of),
        Clause.AnyOf any => any.Clauses.SelectMany(Of),
        Clause.Chain chain => chain.Targets.SelectMany(Of),
        Clause.Has has => Of(has.Source),
        _ => [],
    };
}
