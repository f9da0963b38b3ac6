using System.Collections.Immutable;

using EventFhir.Core.Search.Indexing;
using EventFhir.Model;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search;

/// <summary>
/// How large the SQL of a search becomes. A later page looks at the rows of the newest versions and at those of past ones, and so does each step of
/// a chain for each of the two: what stands at the end of five steps is written 64 times.
/// </summary>
internal static class SearchCost
{
    /// <summary>No comparison of one value has more values in SQL, but for composites and places.</summary>
    private const long ComparisonValues = 6;
    private const long PlaceValues = 16;

    /// <summary>Hashes and keys are one array, whatever their number.</summary>
    private const long ArrayValues = 6;

    /// <returns>Null if every page can be asked for.</returns>
    public static Refusal? Check(SearchQuery query)
    {
        var cost = 0L;
        foreach (var type in query.Types) cost += Of(query.Definitions, type, writings: 2);
        foreach (var key in query.Result.Sort)
            foreach (var path in key.Paths) cost += Of(path, writings: 2);
        return cost <= Limits.SearchStatementValuesMax ? null : Refusal.Of(
            RefusalKind.BadRequest, "too-costly",
            "The search has too many values for its chains and types; name fewer alternatives, shorten the chains, or name their types.");
    }

    private static long Of(SearchDefinitions definitions, TypeQuery query, long writings)
    {
        var cost = writings * ComparisonValues;
        foreach (var clause in query.Clauses) cost += Of(definitions, query.Type, clause, writings);
        return cost;
    }

    private static long Of(SearchDefinitions definitions, TypeDefinition type, Clause clause, long writings) => clause switch
    {
        Clause.Matches matches => writings * Of(definitions.LayoutOf(type).Find(matches.Parameter.Code), matches.Values),
        Clause.Not not => Of(definitions, type, not.Inner, writings),
        Clause.AllOf all => all.Clauses.Sum(inner => Of(definitions, type, inner, writings)),
        Clause.AnyOf any => any.Clauses.Sum(inner => Of(definitions, type, inner, writings)),
        Clause.Chain chain => chain.Targets.Sum(target => Of(definitions, target, writings * 2)),
        Clause.Has has => Of(definitions, has.Source, writings * 2),
        Clause.LastUpdated updated => writings * (updated.Values.Length + 1) * ComparisonValues,
        _ => writings * ArrayValues,
    };

    private static long Of(ParameterPlacement? placement, ImmutableArray<SearchValue> values) => placement switch
    {
        ParameterPlacement.UnionOf union => union.Parts.Sum(part => Of(part, values)),
        ParameterPlacement.SameAs same => Of(same.Of, values),
        _ => ArrayValues + values.Sum(Of),
    };

    private static long Of(SearchValue value) => value switch
    {
        SearchValue.Token or SearchValue.TokenOfType or SearchValue.TokenIn or SearchValue.Reference or SearchValue.ReferenceUrl
            or SearchValue.ReferenceIdentifier => 0,
        SearchValue.Composite composite => ComparisonValues + composite.Components.Sum(component => ComparisonValues + Of(component)),
        SearchValue.Near => PlaceValues,
        _ => ComparisonValues,
    };

    private static long Of(SortPath path, long writings) => path is SortPath.Chain chain
        ? (writings * ComparisonValues) + chain.Targets.Sum(target => Of(target, writings * 2))
        : writings * ComparisonValues;
}
