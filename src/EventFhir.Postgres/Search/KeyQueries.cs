using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;

namespace EventFhir.Postgres.Search;

/// <summary>
/// Searches that only look up keys: ids, identifiers, references, strings by their beginning. They have one good plan whatever the values, so it
/// is made once and kept; all others are planned for their values, since one plan cannot serve rare and common codes alike.
/// </summary>
internal static class KeyQueries
{
    public static bool Is(SearchQuery query) =>
        query.Types is [var only] && Is(query.Definitions, only) && IsFollowedByKey(query);

    /// <summary>True if what the page includes is found by keys alone.</summary>
    public static bool IsFollowedByKey(SearchQuery query)
    {
        foreach (var include in query.Result.Includes)
        {
            var layout = query.Definitions.LayoutOf(include.Source);
            foreach (var parameter in include.Parameters)
                if (ClauseWriter.Stored(ClauseWriter.PlacementOf(layout, parameter)) is ParameterPlacement.UriTerms) return false;
        }
        return true;
    }

    /// <summary>
    /// The first chain of a search that goes through a column to what keys alone find. Its targets can be looked up before the rest is planned,
    /// which is then a look-up as well and no join; as long as they are few.
    /// </summary>
    public static (Clause.Chain Chain, TypeQuery Target)? ChainOf(SearchQuery query, Func<TypeDefinition, bool> hasTables)
    {
        if (query.Types is not [var only]) return null;
        var layout = query.Definitions.LayoutOf(only.Type);
        foreach (var clause in only.Clauses)
        {
            if (clause is not Clause.Chain chain) continue;
            var placement = ClauseWriter.PlacementOf(layout, chain.Parameter);
            if (ClauseWriter.Stored(placement) is not ParameterPlacement.ReferenceColumn) continue;
            if (ClauseWriter.TargetsOf(chain, placement, hasTables) is [var target] && Is(query.Definitions, target)) return (chain, target);
        }
        return null;
    }

    private static bool Is(SearchDefinitions definitions, TypeQuery query) => query.Clauses is [var only] && only switch
    {
        Clause.Id => true,
        Clause.Matches { Values: [var value] } matches => ClauseWriter.Stored(
            ClauseWriter.PlacementOf(definitions.LayoutOf(query.Type), matches.Parameter)) switch
        {
            ParameterPlacement.TokenIdentifiers => value is SearchValue.Token { Code: not null, LowerCode: null },
            ParameterPlacement.ReferenceColumn or ParameterPlacement.ReferenceRows => value is SearchValue.Reference,
            ParameterPlacement.StringRows => value is SearchValue.Text { Match: not StringMatch.Contains },
            _ => false,
        },
        _ => false,
    };
}
