namespace EventFhir.Core.Search;

/// <summary>Asks what resources contain (_contained and _containedType, R4 search.html#contained).</summary>
/// <param name="BaseUrl">Of this server: absolute references of contained resources below it count as relative ones.</param>
public sealed record ContainedSearch(ContainedScope Scope, ContainedAnswer Answer, string BaseUrl)
{
    /// <summary>Contained resources are judged one by one, in the order in which what holds them was first stored; so they have no other order,
    /// and nothing is looked up beside them.</summary>
    /// <returns>Null if the search can be answered.</returns>
    public static Refusal? Check(SearchQuery query)
    {
        if (query.Result.Contained is null) return null;
        if (!query.Result.Sort.IsEmpty) return NotSupported("_sort");
        if (!query.Result.Includes.IsEmpty) return NotSupported("_include and _revinclude");
        return query.Types.Any(type => type.Clauses.Any(LooksBeside)) ? NotSupported("chains, _has, _list and hierarchies of references") : null;
    }

    private static bool LooksBeside(Clause clause) => clause switch
    {
        Clause.Chain or Clause.Has => true,
        Clause.Matches matches => matches.Values.Any(value => value is SearchValue.Lineage),
        Clause.Not not => LooksBeside(not.Inner),
        Clause.AllOf all => all.Clauses.Any(LooksBeside),
        Clause.AnyOf any => any.Clauses.Any(LooksBeside),
        _ => false,
    };

    private static Refusal NotSupported(string what) =>
        Refusal.Of(RefusalKind.BadRequest, "not-supported", $"A search with _contained=true or both does not support {what}.");
}

public enum ContainedScope { Only, Both }

/// <summary>What is returned for a contained resource that matches: the resource that holds it, once, or the contained one itself.</summary>
public enum ContainedAnswer { Container, Contained }
