using System.Collections.Immutable;

using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search;

/// <summary>
/// Which search parameters, modifiers and sort keys the server answers: the one place that the parser, the compiler and the CapabilityStatement
/// ask, so that none of them promises what another lacks.
/// </summary>
public sealed class SearchCatalog(SearchDefinitions definitions)
{
    public const string Id = "_id";
    public const string LastUpdated = "_lastUpdated";
    public const string Filter = "_filter";
    public const string List = "_list";
    public const string Query = "_query";
    public const string Text = "_text";
    public const string Content = "_content";

    /// <summary>No parameter, but a key of _sort: how well the words of _text are met.</summary>
    public const string Score = "_score";
    private static readonly ImmutableArray<string> Terminological = ["in", "not-in", "above", "below"];

    /// <summary>True if the parameter of this type can be searched: its values are stored, and every form of value can be asked for.</summary>
    public bool Supports(TypeDefinition type, SearchParameterDefinition parameter) => definitions.LayoutOf(type).Find(parameter.Code) switch
    {
        null or ParameterPlacement.Nowhere => false,
        ParameterPlacement.Head => parameter.Code is Id or LastUpdated,
        _ => true,
    };

    /// <summary>The parameters of a type that can be searched.</summary>
    public IEnumerable<SearchParameterDefinition> Parameters(TypeDefinition type) =>
        definitions.ParametersOf(type).Where(parameter => Supports(type, parameter));

    /// <summary>Those, and the ones that are written over parameters rather than values: what the CapabilityStatement lists.</summary>
    public IEnumerable<SearchParameterDefinition> Offered(TypeDefinition type) =>
        definitions.ParametersOf(type).Where(parameter => parameter.Code is Filter || Supports(type, parameter));

    public SearchParameterDefinition? Find(TypeDefinition type, string code)
    {
        foreach (var parameter in definitions.ParametersOf(type))
            if (parameter.Code == code) return Supports(type, parameter) ? parameter : null;
        return null;
    }

    /// <summary>How results are ordered by a parameter; null if they cannot be. Composites and positions have no order (R4 search.html#_sort
    /// leaves it to the server).</summary>
    public SortPath? SortBy(TypeDefinition type, string code) => code switch
    {
        Id => new SortPath.Id(type),
        LastUpdated => new SortPath.LastUpdated(type),
        Score => new SortPath.Score(type),
        _ => Find(type, code) is { } parameter ? SortBy(type, parameter) : null,
    };

    private SortPath.Value? SortBy(TypeDefinition type, SearchParameterDefinition parameter)
    {
        if (definitions.LayoutOf(type).Find(parameter.Code) is not { } placement || OrderOf(placement) is not { } order) return null;
        if (order is not SortOrder.Literal) return new SortPath.Value(type, parameter, order, []);
        var places = JsonPaths.Of(type, definitions.Release.FindType("Extension")!, placement.Expression);
        return places.IsEmpty ? null : new SortPath.Value(type, parameter, order, places);
    }

    private static SortOrder? OrderOf(ParameterPlacement placement) => placement switch
    {
        ParameterPlacement.SameAs same => OrderOf(same.Of),
        ParameterPlacement.UnionOf union => OrderOf(union.Parts[0]) is { } order && union.Parts.All(part => OrderOf(part) == order) ? order : null,
        ParameterPlacement.DateColumns or ParameterPlacement.DateRows => SortOrder.Instant,
        ParameterPlacement.NumberColumns or ParameterPlacement.NumberRows or ParameterPlacement.QuantityColumns
            or ParameterPlacement.QuantityRows => SortOrder.Number,
        ParameterPlacement.StringRows => SortOrder.Text,
        ParameterPlacement.TokenTerms => SortOrder.Code,
        ParameterPlacement.UriRows => SortOrder.Uri,
        // The lexicon has the canonicals of reference parameters.
        ParameterPlacement.UriTerms { Parameter.Type: SearchParameterType.Reference } => SortOrder.Canonical,
        ParameterPlacement.TokenIdentifiers or ParameterPlacement.UriTerms => SortOrder.Literal,
        ParameterPlacement.ReferenceColumn or ParameterPlacement.ReferenceRows => SortOrder.Key,
        _ => null,
    };

    /// <summary>True if chains, _has and includes can go from the values to resources on this server: by key, or by canonical URL.</summary>
    public bool CanFollow(TypeDefinition type, SearchParameterDefinition parameter) => HasKeys(type, parameter)
        || (parameter is { Type: SearchParameterType.Reference, Targets.IsEmpty: false }
            && Stored(type, parameter.Code) is ParameterPlacement.UriTerms);

    /// <summary>True if the values are keys of resources. Canonicals are not, and name no type by their form.</summary>
    public bool HasKeys(TypeDefinition type, SearchParameterDefinition parameter) =>
        Stored(type, parameter.Code) is ParameterPlacement.ReferenceColumn or ParameterPlacement.ReferenceRows;

    /// <summary>True if :missing can be asked: not of texts of which only the words are stored, and not where a parameter takes the
    /// references to one type out of several parameters.</summary>
    public bool CanBeMissing(TypeDefinition type, SearchParameterDefinition parameter) => definitions.LayoutOf(type).Find(parameter.Code) switch
    {
        ParameterPlacement.Narrative or ParameterPlacement.Content => false,
        ParameterPlacement.SameAs { Target: not null } => CanFollow(type, parameter),
        _ => true,
    };

    /// <summary>True if a resource has one element at most for the parameter.</summary>
    public bool IsSingle(TypeDefinition type, SearchParameterDefinition parameter) =>
        definitions.LayoutOf(type).Find(parameter.Code) is { Expression.IsCompiled: true } placement
            && PathTyping.IsSingle(type, definitions.Release.FindType("Extension")!, placement.Expression.Paths);

    /// <summary>Modifiers that choose how values are compared; :missing and :[type] are for the parser.</summary>
    public ImmutableArray<string> ModifiersOf(TypeDefinition type, SearchParameterDefinition parameter) => Stored(type, parameter.Code) switch
    {
        ParameterPlacement.StringRows => ["exact", "contains"],
        { } stored when parameter.Type is SearchParameterType.Token => [.. TokenModifiers(stored)],
        ParameterPlacement.ReferenceColumn or ParameterPlacement.ReferenceRows =>
            HasHierarchy(parameter) ? ["identifier", "above", "below"] : ["identifier"],
        ParameterPlacement.UriRows => ["above", "below"],
        ParameterPlacement.UriTerms when parameter.Type is SearchParameterType.Uri => ["above", "below"],
        ParameterPlacement.UriTerms => ["below"],
        _ => [],
    };

    private bool HasHierarchy(SearchParameterDefinition parameter)
    {
        foreach (var target in parameter.Targets.IsEmpty ? definitions.Release.ResourceTypes : parameter.Targets)
            if (Lineages.ParentOf(definitions, target, parameter) is not null) return true;
        return false;
    }

    private static IEnumerable<string> TokenModifiers(ParameterPlacement stored)
    {
        yield return "not";
        if (stored.ValueTypes.Any(HasText)) yield return "text";
        if (HasCodes(stored)) yield return "code-text";
        if (stored is ParameterPlacement.TokenIdentifiers && stored.ValueTypes.Any(IsIdentifier)) yield return "of-type";
        if (!stored.ValueTypes.Any(HasSystem)) yield break;
        foreach (var modifier in Terminological) yield return modifier;
    }

    private static bool HasText(TypeDefinition value) =>
        value.FindElement("coding") is not null || value.FindElement("display") is not null || IsIdentifier(value);

    /// <summary>True for what can be a code of a code system.</summary>
    private static bool HasSystem(TypeDefinition value) =>
        value.FindElement("coding") is not null || value.FindElement("display") is not null || value.Primitive is PrimitiveKind.Code;

    private static bool IsIdentifier(TypeDefinition value) => value.FindElement("assigner") is not null;

    /// <summary>True if the lexicon has the codes: near-unique ones would only be kept twice.</summary>
    private static bool HasCodes(ParameterPlacement stored) => stored switch
    {
        ParameterPlacement.TokenTerms => true,
        ParameterPlacement.SameAs same => HasCodes(same.Of),
        ParameterPlacement.UnionOf union => union.Parts.All(HasCodes),
        _ => false,
    };

    private ParameterPlacement? Stored(TypeDefinition type, string code)
    {
        var placement = definitions.LayoutOf(type).Find(code);
        while (placement is ParameterPlacement.SameAs same) placement = same.Of;
        return placement;
    }
}
