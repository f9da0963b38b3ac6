using System.Collections.Concurrent;
using System.Collections.Immutable;

using EventFhir.Core.Search.Indexing;
using EventFhir.Core.Search.Parameters;
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
    private readonly ConcurrentDictionary<TypeDefinition, ImmutableArray<SearchParameterDefinition>> parameters = new();
    private readonly SwitchedOff off;

    /// <summary>Without customs; null if this is such a one. Types that no custom parameter concerns share its layouts.</summary>
    private readonly SearchDefinitions? specified;

    private SearchDefinitions(Release release, SwitchedOff off, SearchDefinitions? specified)
    {
        (Release, this.off, this.specified) = (release, off, specified);
        Catalog = new SearchCatalog(this);
    }

    /// <summary>Those of R4.</summary>
    public static SearchDefinitions R4 => Of(Release.R4);

    public Release Release { get; }

    /// <summary>Which of them can be searched, and how.</summary>
    public SearchCatalog Catalog { get; }

    /// <summary>Counts the changes of what is extracted: entries and writes of different generations do not go together.</summary>
    public long Generation { get; private init; }

    /// <summary>All there are, whatever their state.</summary>
    public ImmutableArray<CustomParameter> Customs { get; private init; } = [];

    /// <summary>All that the specification defines, but _content.</summary>
    public static SearchDefinitions Of(Release release) =>
        OfReleases.GetOrAdd(release, static release => new SearchDefinitions(release, SwitchedOff.None, specified: null));

    /// <summary>All that the specification defines, without some.</summary>
    public static SearchDefinitions Of(Release release, SwitchedOff off) =>
        off.IsEmpty ? Of(release) : new SearchDefinitions(release, off, specified: null);

    /// <summary>These, with other customs.</summary>
    public SearchDefinitions With(long generation, ImmutableArray<CustomParameter> customs) =>
        new(Release, off, specified ?? this) { Generation = generation, Customs = customs };

    /// <summary>These, without customs.</summary>
    public SearchDefinitions Specified => specified ?? this;

    /// <summary>The parameters of a concrete resource type that can be searched or are the specification's.</summary>
    public ImmutableArray<SearchParameterDefinition> ParametersOf(TypeDefinition type) => parameters.GetOrAdd(
        type,
        static (type, own) =>
        [
            .. own.Release.SearchParametersOf(type).Where(parameter => !own.off.Contains(type, parameter.Code)),
            .. own.Customs.Where(custom => custom.State is ParameterState.Usable)
                .Select(custom => custom.Definition.On(own.Release, type)).OfType<SearchParameterDefinition>(),
        ],
        this);

    /// <summary>A parameter that will be usable when all resources are indexed; null if none of the code is on its way.</summary>
    public CustomParameter? FindUnderway(TypeDefinition type, string code)
    {
        foreach (var custom in Customs)
            if (custom.State is ParameterState.Waiting or ParameterState.Indexing
                && custom.Definition.Code == code && custom.Definition.AppliesTo(type))
                return custom;
        return null;
    }

    /// <summary>Where the parameters of a concrete resource type are stored: always the same for the same definitions.</summary>
    public TypeLayout LayoutOf(TypeDefinition type) =>
        layouts.TryGetValue(type, out var known) ? known : layouts.GetOrAdd(type, static (type, own) => own.Plan(type), this);

    /// <summary>The layout of a custom parameter alone, whatever its state, for going through the resources for it.</summary>
    public TypeLayout LayoutOf(TypeDefinition type, CustomParameter custom) =>
        new TypeLayout(type, [], SideTables.None).With(PlacementsOf(type, [custom]));

    private TypeLayout Plan(TypeDefinition type)
    {
        if (specified is not null)
        {
            var layout = specified.LayoutOf(type);
            var placements = PlacementsOf(type, Customs.Where(custom => custom.IsExtracted));
            return placements.IsEmpty ? layout : layout.With(placements);
        }
        var plan = LayoutPlan.Of(Release, type, ParametersOf(type));
        return off.IsEmpty ? plan : plan with
        {
            Off = [.. Release.SearchParametersOf(type).Select(parameter => parameter.Code)
                .Where(code => code != SearchCatalog.Content && off.Contains(type, code)).Order(StringComparer.Ordinal)],
        };
    }

    private ImmutableArray<ParameterPlacement> PlacementsOf(TypeDefinition type, IEnumerable<CustomParameter> customs) =>
    [
        .. customs.Select(custom => custom.Definition.On(Release, type)).OfType<SearchParameterDefinition>()
            .Select(parameter => CustomPlacement.Of(Release, type, parameter)),
    ];
}
