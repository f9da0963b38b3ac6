using System.Collections.Immutable;

using EventFhir.Model.Elements;

namespace EventFhir.Core.Search;

/// <summary>Which contained resources a search finds. Their elements are compared in memory: the index knows only what types a resource
/// contains.</summary>
/// <param name="query">One that <see cref="ContainedSearch.Check"/> has let through.</param>
public sealed class ContainedMatcher(SearchQuery query, ContainedSearch contained)
{
    private readonly SearchMatcher matcher = new(query.Definitions.Release, contained.BaseUrl, []);

    /// <summary>Every resource that may contain a match: of any type.</summary>
    /// <param name="count">Of a page of them.</param>
    public SearchQuery Candidates(int count)
    {
        ImmutableArray<Clause> clauses = [new Clause.Contains([.. query.Types.Select(type => type.Type)])];
        return new SearchQuery(
            query.Definitions,
            [.. query.Definitions.Release.ResourceTypes.Select(type => new TypeQuery(type, clauses))],
            ResultShape.Default with { Count = count, Total = TotalMode.None },
            []);
    }

    /// <summary>The matches in a container, in their order. Where the container is the answer, one at most, and none if it is an answer by
    /// itself already.</summary>
    public IEnumerable<Resource> MatchesIn(Resource container)
    {
        var isContainer = contained.Answer is ContainedAnswer.Container;
        if (isContainer && contained.Scope is ContainedScope.Both && Matches(container)) yield break;
        var inside = new List<Element>();
        foreach (var element in container.Root.ChildrenNamed("contained")) inside.Add(element);
        foreach (var element in inside)
        {
            var resource = container.Extract(element);
            if (!Matches(resource)) continue;
            yield return resource;
            if (isContainer) yield break;
        }
    }

    private bool Matches(Resource resource) => query.Types.Any(type => matcher.Matches(type, resource));
}
