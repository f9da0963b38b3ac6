using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;

using EventFhir.Core.Events;
using EventFhir.Core.Search.Indexing;
using EventFhir.Core.Search.Words;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.Core.Search;

/// <summary>
/// Evaluates searches over resources in memory, from their elements and the FHIRPath expressions of the parameters: what SQL has to agree with.
/// It knows nothing of where the index stores a value.
/// </summary>
/// <param name="resources">All resources there are, each with an id: chains and _has look here too.</param>
public sealed class SearchMatcher(Release release, string baseUrl, IReadOnlyList<Resource> resources)
{
    private readonly ParameterValues parameters = new(release);
    private readonly ElementMatcher elements = new(release, baseUrl);
    private readonly ILookup<TypeDefinition, Resource> byType = resources.ToLookup(resource => resource.Type);

    private SearchMatcher Alone => field ??= resources.Count == 0 ? this : new SearchMatcher(release, baseUrl, []);
    private readonly ConcurrentDictionary<(LineagePlace, LineageDirection), ImmutableArray<string>> lineages = new();

    /// <summary>The resources that match, in the order of the query's sort keys; equal ones stay in the order given.</summary>
    public ImmutableArray<Resource> Search(SearchQuery query)
    {
        var matches = query.Types.SelectMany(type => byType[type.Type].Where(resource => Matches(type, resource)));
        IOrderedEnumerable<Resource>? ordered = null;
        foreach (var key in query.Result.Sort)
        {
            var comparer = new SortComparer(key.Direction);
            ordered = ordered is null
                ? matches.OrderBy(resource => SortValue(key, resource), comparer)
                : ordered.ThenBy(resource => SortValue(key, resource), comparer);
        }
        return [.. ordered ?? matches];
    }

    public bool Matches(TypeQuery query, Resource resource) => Matches(query, resource, resource);

    /// <summary>True if the chain holds of what the resource contains.</summary>
    public bool LeadsInside(Clause.Chain chain, Resource resource) => LeadsInside(chain, resource, resource);

    /// <param name="container">Where "#id" leads: the resource itself, unless it is contained.</param>
    private bool Matches(TypeQuery query, Resource resource, Resource container) =>
        resource.Type == query.Type && query.Clauses.All(clause => Matches(clause, resource, container));

    private bool Matches(Clause clause, Resource resource, Resource container) => clause switch
    {
        Clause.Matches matches => Matches(matches.Parameter, matches.Values, resource),
        Clause.Missing missing => !HasValue(missing.Parameter, resource),
        Clause.Not not => !Matches(not.Inner, resource, container),
        Clause.AllOf all => all.Clauses.All(inner => Matches(inner, resource, container)),
        Clause.AnyOf any => any.Clauses.Any(inner => Matches(inner, resource, container)),
        Clause.Chain chain => chain.Targets.Any(target => byType[target.Type].Any(other =>
            PointsTo(chain.Parameter, resource, other) && Matches(target, other))) || LeadsInside(chain, resource, container),
        Clause.Has has => byType[has.Source.Type].Any(other => PointsTo(has.Parameter, other, resource) && Matches(has.Source, other)),
        Clause.Words words => words.Query.Holds(WordsOf(words.Source, resource) ?? new TextWords()),
        Clause.Contains contains => Contains(resource, contains.Types),
        Clause.Id id => resource.Id is { } own && id.Ids.Contains(own),
        Clause.LastUpdated updated => ParameterValues.LastUpdated(resource) is { } own
            && updated.Values.Any(value => ElementMatcher.Matches(value, own)),
        _ => throw new UnreachableException($"{clause.GetType().Name} cannot be evaluated."),
    };

    private static TextWords? WordsOf(WordSource source, Resource resource) => source switch
    {
        WordSource.Narrative => NarrativeText.WordsOf(resource.Root),
        WordSource.Content => ContentText.WordsOf(resource.Root),
        _ => throw new UnreachableException($"{source} is no text of a resource."),
    };

    private static bool Contains(Resource resource, ImmutableArray<TypeDefinition> types)
    {
        foreach (var contained in resource.Root.ChildrenNamed("contained"))
            if (types.Contains(contained.Type)) return true;
        return false;
    }

    private bool Matches(SearchParameterDefinition parameter, ImmutableArray<SearchValue> values, Resource resource)
    {
        foreach (var element in parameters.Of(parameter, resource))
            foreach (var value in values)
                if (value is SearchValue.Lineage lineage ? IsIn(parameter, lineage, element) : Matches(parameter, value, element)) return true;
        return false;
    }

    private bool IsIn(SearchParameterDefinition parameter, SearchValue.Lineage lineage, Element element)
    {
        foreach (var place in lineage.Places)
            foreach (var id in lineages.GetOrAdd((place, lineage.Direction), Lineage))
                if (elements.Matches(parameter, new SearchValue.Reference(place.Type, id), element)) return true;
        return false;
    }

    /// <summary>The ids of a place and of all above or below it, whether or not there are such resources.</summary>
    private ImmutableArray<string> Lineage((LineagePlace Place, LineageDirection Direction) from)
    {
        var ids = new List<string> { from.Place.Id };
        if (from.Place.Parent is not { } parent) return [.. ids];
        for (var at = 0; at < ids.Count; at++)
        {
            foreach (var resource in byType[from.Place.Type])
            {
                var next = from.Direction is LineageDirection.Below
                    ? parameters.Of(parent, resource).Any(element =>
                        elements.Matches(parent, new SearchValue.Reference(resource.Type, ids[at]), element)) ? [resource.Id!] : []
                    : resource.Id == ids[at] ? parameters.Of(parent, resource).Select(elements.KeyOf) : [];
                ids.AddRange(next.OfType<string>().Except(ids).ToList());
            }
        }
        return [.. ids];
    }

    private bool Matches(SearchParameterDefinition parameter, SearchValue value, Element element) => value is SearchValue.Composite composite
        ? MatchesAll(parameter, composite, element)
        : elements.Matches(parameter, value, element);

    /// <summary>All components hold within one element.</summary>
    private bool MatchesAll(SearchParameterDefinition parameter, SearchValue.Composite value, Element context)
    {
        for (var place = 0; place < parameter.Components.Length; place++)
        {
            var component = parameter.Components[place];
            var definition = release.FindSearchParameter(component.Definition)
                ?? throw new UnreachableException($"{component.Definition} is not defined.");
            if (!Component(parameter, place, context).Any(element => elements.Matches(definition, value.Components[place], element))) return false;
        }
        return true;
    }

    /// <summary>The values of one component. A composite of the specification on the resource itself is that of its parameters, as they are on
    /// their own.</summary>
    private IEnumerable<Element> Component(SearchParameterDefinition composite, int place, Element context)
    {
        var component = composite.Components[place];
        var own = composite.Expression == composite.Base.Name && release.FindSearchParameter(composite.Url) is not null
            ? release.SearchParametersOf(composite.Base).FirstOrDefault(parameter => parameter.Url == component.Definition)
            : null;
        return parameters.Of(own?.Expression ?? component.Expression, context);
    }

    private bool HasValue(SearchParameterDefinition parameter, Resource resource) =>
        parameter.Code is SearchCatalog.Id or SearchCatalog.LastUpdated
        || parameters.Of(parameter, resource).Any(element => parameter.Components.IsEmpty
            ? ElementMatcher.IsSearchable(parameter, element)
            : Enumerable.Range(0, parameter.Components.Length).All(place => HasComponent(parameter, place, element)));

    private bool HasComponent(SearchParameterDefinition composite, int place, Element context) =>
        release.FindSearchParameter(composite.Components[place].Definition) is { } definition
        && Component(composite, place, context).Any(element => ElementMatcher.IsSearchable(definition, element));

    /// <summary>From a contained resource a chain goes on within the container only: nothing else is known of the resources beside it.</summary>
    private bool LeadsInside(Clause.Chain chain, Resource resource, Resource container)
    {
        var names = parameters.Of(chain.Parameter, resource).SelectMany(ElementMatcher.NamesWithin).ToHashSet(StringComparer.Ordinal);
        if (names.Count == 0) return false;
        var inside = new List<Resource>();
        foreach (var element in container.Root.ChildrenNamed("contained")) inside.Add(container.Extract(element));
        return inside.Any(other => other.Id is { } id && names.Contains(id) && chain.Targets.Any(target => Alone.Matches(target, other, container)));
    }

    private bool PointsTo(SearchParameterDefinition parameter, Resource from, Resource to) =>
        parameters.Of(parameter, from).Any(element => PointsTo(parameter, element, to));

    private IEnumerable<Resource> TargetsOf(SearchParameterDefinition parameter, Resource from, TypeDefinition type)
    {
        var values = parameters.Of(parameter, from).ToList();
        return values.Count == 0 ? [] : byType[type].Where(to => values.Any(element => PointsTo(parameter, element, to)));
    }

    private bool PointsTo(SearchParameterDefinition parameter, Element element, Resource to) =>
        to.Id is { } id && ResourceId.TryParse(id, out _) && (element.Type.IsPrimitive
            ? parameter.Targets.Contains(to.Type) && element.HasValue && CanonicalNames.Of(to.Root).Contains(element.Text)
            : elements.Matches(parameter, new SearchValue.Reference(to.Type, id), element));

    private IComparable? SortValue(SortKey key, Resource resource)
    {
        var values = SortValues(key.Paths.First(path => path.Type == resource.Type), resource);
        return key.Direction is SortDirection.Ascending ? values.Min() : values.Max();
    }

    private IEnumerable<IComparable> SortValues(SortPath path, Resource resource) => path switch
    {
        SortPath.Id => resource.Id is { } id ? [new CodePoints(id)] : [],
        SortPath.LastUpdated => ParameterValues.LastUpdated(resource) is { } updated ? [updated.Low] : [],
        // How relevant a text is to some words is the database's judgement, and no law binds it.
        SortPath.Score => [],
        SortPath.Value value => parameters.Of(value.Parameter, resource).SelectMany(element => elements.SortValues(value.Order, element)),
        SortPath.Chain chain => chain.Targets.SelectMany(target =>
            TargetsOf(chain.Parameter, resource, target.Type).SelectMany(other => SortValues(target, other))),
        _ => throw new UnreachableException($"{path.GetType().Name} has no values."),
    };

    /// <summary>Missing values come last in either direction.</summary>
    private sealed class SortComparer(SortDirection direction) : IComparer<IComparable?>
    {
        public int Compare(IComparable? x, IComparable? y) => (x, y) switch
        {
            (null, null) => 0,
            (null, _) => 1,
            (_, null) => -1,
            _ => direction is SortDirection.Ascending ? x.CompareTo(y) : y.CompareTo(x),
        };
    }
}
