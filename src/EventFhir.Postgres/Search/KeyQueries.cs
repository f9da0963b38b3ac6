using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;

namespace EventFhir.Postgres.Search;

/// <summary>
/// Searches that only look up keys: ids, identifiers, references, strings by their beginning. They have one good plan whatever the values, so it
/// is made once and kept; all others are planned for their values, since one plan cannot serve rare and common codes alike.
/// </summary>
internal static class KeyQueries
{
    public static bool Is(SearchQuery query) => query.Result.Includes.IsEmpty && query.Types is [{ Clauses: [var only] } type] && only switch
    {
        Clause.Id => true,
        Clause.Matches { Values: [var value] } matches => ClauseWriter.Stored(
            ClauseWriter.PlacementOf(query.Definitions.LayoutOf(type.Type), matches.Parameter)) switch
        {
            ParameterPlacement.TokenIdentifiers => value is SearchValue.Token { Code: not null },
            ParameterPlacement.ReferenceColumn or ParameterPlacement.ReferenceRows =>
                value is SearchValue.Reference { Type: not null } || (value is SearchValue.Reference && matches.Parameter.Targets.Length == 1),
            ParameterPlacement.StringRows => value is SearchValue.Text { Match: not StringMatch.Contains },
            _ => false,
        },
        _ => false,
    };
}
