using System.Collections.Concurrent;
using System.Collections.Immutable;

using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search;

/// <summary>
/// The search parameters that are in force, and where the index keeps each. Immutable: parser, compiler, extractor and matcher get the same one
/// along with what they work on, and a change is a new one that takes its place as a whole.
/// </summary>
public sealed class SearchDefinitions
{
    private static readonly ConcurrentDictionary<Release, SearchDefinitions> OfReleases = new();
    private readonly ConcurrentDictionary<TypeDefinition, TypeLayout> layouts = new();

    private SearchDefinitions(Release release)
    {
        Release = release;
        Catalog = new SearchCatalog(this);
    }

    /// <summary>Those of R4.</summary>
    public static SearchDefinitions R4 => Of(Release.R4);

    public Release Release { get; }

    /// <summary>Which of them can be searched, and how.</summary>
    public SearchCatalog Catalog { get; }

    /// <summary>All that the specification defines.</summary>
    public static SearchDefinitions Of(Release release) => OfReleases.GetOrAdd(release, static release => new SearchDefinitions(release));

    /// <summary>The parameters of a concrete resource type, those of all types included.</summary>
    public ImmutableArray<SearchParameterDefinition> ParametersOf(TypeDefinition type) => Release.SearchParametersOf(type);

    /// <summary>Where the parameters of a concrete resource type are stored: always the same for the same definitions.</summary>
    public TypeLayout LayoutOf(TypeDefinition type) =>
        layouts.TryGetValue(type, out var known)
            ? known
            : layouts.GetOrAdd(type, static (type, definitions) => LayoutPlan.Of(definitions.Release, type, definitions.ParametersOf(type)), this);
}
