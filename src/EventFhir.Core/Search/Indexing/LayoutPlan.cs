using System.Collections.Immutable;

using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search.Indexing;

/// <summary>
/// Decides where each search parameter of a resource type goes, from its expression and the definitions of the elements it leads to:
/// what cannot repeat and has an order becomes columns, shared tokens become terms, the rest rows in side tables (docs/storage.md).
/// A parameter whose values others already store gets no storage of its own.
/// </summary>
internal sealed class LayoutPlan
{
    private readonly Release release;
    private readonly TypeDefinition type;
    private readonly TypeDefinition extension;
    private readonly ImmutableArray<SearchParameterDefinition> parameters;
    private readonly Dictionary<string, SearchExpression> expressions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ParameterPlacement> placements = new(StringComparer.Ordinal);
    private readonly List<IndexColumn> columns = [];
    private SideTables sideTables;

    private LayoutPlan(Release release, TypeDefinition type, ImmutableArray<SearchParameterDefinition> parameters)
    {
        (this.release, this.type) = (release, type);
        extension = release.FindType("Extension") ?? throw new InvalidOperationException("The release has no type Extension.");
        this.parameters = [.. parameters.OrderBy(parameter => parameter.Code, StringComparer.Ordinal)];
        foreach (var parameter in this.parameters) expressions[parameter.Code] = SearchExpression.Of(release, parameter.Expression);
    }

    public static TypeLayout Of(Release release, TypeDefinition type, ImmutableArray<SearchParameterDefinition> parameters)
    {
        var plan = new LayoutPlan(release, type, parameters);
        foreach (var parameter in plan.parameters) plan.Place(parameter);
        return new(type, [.. plan.columns], plan.sideTables)
        {
            Placements = [.. plan.parameters.Select(parameter => plan.placements[parameter.Code])],
        };
    }

    private ParameterPlacement Place(SearchParameterDefinition parameter)
    {
        if (placements.TryGetValue(parameter.Code, out var known)) return known;
        var placement = Special(parameter) ?? SameAs(parameter) ?? UnionOf(parameter) ?? Own(parameter);
        var expression = expressions[parameter.Code];
        return placements[parameter.Code] = placement with
        {
            Expression = expression,
            ValueTypes = ValueTypes(expression),
            IsMediaType = PathTyping.IsMediaType(type, extension, expression.Paths),
        };
    }

    private ImmutableArray<TypeDefinition> ValueTypes(SearchExpression expression) =>
        [.. expression.Paths.SelectMany(path => PathTyping.Targets(type, extension, path)).Select(target => target.Type).Distinct()];

    /// <summary>Parameters that the specification defines by name rather than by expression (R4 search.html#all).</summary>
    private ParameterPlacement? Special(SearchParameterDefinition parameter)
    {
        if (parameter.Code is "_id" or "_lastUpdated") return new ParameterPlacement.Head(parameter);
        if (parameter.Code is "_text")
        {
            sideTables |= SideTables.Text;
            return new ParameterPlacement.Narrative(parameter);
        }
        if (parameter.Code is SearchCatalog.Content)
        {
            sideTables |= SideTables.Content;
            return new ParameterPlacement.Content(parameter);
        }
        if (parameter.Expression.Length == 0) return new ParameterPlacement.Nowhere(parameter);
        if (parameter.Type is not SearchParameterType.Special) return null;
        var isPosition = ValueTypes(expressions[parameter.Code]).Any(value => value.FindElement("latitude") is not null);
        if (!isPosition) return new ParameterPlacement.Nowhere(parameter);
        return new ParameterPlacement.Coordinates(
            parameter, Column(parameter, "_latitude", ColumnKind.Coordinate), Column(parameter, "_longitude", ColumnKind.Coordinate));
    }

    /// <summary>patient is subject.where(resolve() is Patient); phonetic is name.</summary>
    private ParameterPlacement.SameAs? SameAs(SearchParameterDefinition parameter)
    {
        var paths = expressions[parameter.Code].Paths;
        if (paths.IsEmpty || parameter.Type is SearchParameterType.Composite) return null;
        if (paths[0].Steps is [.., PathStep.WhereResolvesTo { Type: var target }]
            && paths.All(path => path.Steps is [.., PathStep.WhereResolvesTo last] && last.Type == target))
        {
            var whole = paths.Select(path => path with { Steps = path.Steps[..^1] }).ToHashSet();
            if (Others(parameter).FirstOrDefault(other => whole.SetEquals(expressions[other.Code].Paths)) is { } wider)
                return new(parameter, Place(wider), target);
        }
        // Of several equal parameters the first by code is stored.
        var equal = Others(parameter).FirstOrDefault(other =>
            string.CompareOrdinal(other.Code, parameter.Code) < 0 && paths.ToHashSet().SetEquals(expressions[other.Code].Paths));
        return equal is null ? null : new(parameter, Place(equal), null);
    }

    /// <summary>combo-code is code and component-code.</summary>
    private ParameterPlacement.UnionOf? UnionOf(SearchParameterDefinition parameter)
    {
        var missing = expressions[parameter.Code].Paths.ToHashSet();
        if (missing.Count < 2) return null;
        var parts = new List<SearchParameterDefinition>();
        foreach (var other in Others(parameter).OrderByDescending(other => expressions[other.Code].Paths.Length))
        {
            var paths = expressions[other.Code].Paths;
            if (paths.IsEmpty || paths.Length >= expressions[parameter.Code].Paths.Length || !missing.IsSupersetOf(paths)) continue;
            missing.ExceptWith(paths);
            parts.Add(other);
        }
        return missing.Count == 0 ? new(parameter, [.. parts.Select(Place)]) : null;
    }

    private IEnumerable<SearchParameterDefinition> Others(SearchParameterDefinition parameter) => parameters.Where(other =>
        other != parameter && other.Type == parameter.Type && other.Expression.Length > 0
        && other.Components.Select(component => component.Expression).SequenceEqual(parameter.Components.Select(component => component.Expression)));

    private ParameterPlacement Own(SearchParameterDefinition parameter) => parameter.Type switch
    {
        SearchParameterType.Reference => Reference(parameter),
        SearchParameterType.Date when IsSingle(parameter) => Date(parameter),
        SearchParameterType.Date => With(SideTables.Dates, new ParameterPlacement.DateRows(parameter)),
        SearchParameterType.Number when IsSingle(parameter) => Number(parameter),
        SearchParameterType.Number => With(SideTables.Numbers, new ParameterPlacement.NumberRows(parameter)),
        SearchParameterType.Quantity when IsSingle(parameter) => Quantity(parameter),
        SearchParameterType.Quantity => With(SideTables.Numbers, new ParameterPlacement.QuantityRows(parameter)),
        SearchParameterType.Token when ValueTypes(expressions[parameter.Code]).Any(IsNearUnique) =>
            With(SideTables.Identifiers | SideTables.Lexicon, new ParameterPlacement.TokenIdentifiers(parameter, Mark(parameter))),
        SearchParameterType.Token => With(SideTables.Lexicon, new ParameterPlacement.TokenTerms(parameter, Mark(parameter))),
        SearchParameterType.String => With(SideTables.Strings, new ParameterPlacement.StringRows(parameter)),
        // What all resource types have (profile, source) is shared by many resources.
        SearchParameterType.Uri when parameter.Base.IsAbstract => new ParameterPlacement.UriTerms(parameter, Mark(parameter)),
        SearchParameterType.Uri => With(SideTables.Strings, new ParameterPlacement.UriRows(parameter)),
        SearchParameterType.Composite => CompositePlan.Of(release, type, extension, parameter, expressions[parameter.Code], Stored, ref sideTables),
        _ => new ParameterPlacement.Nowhere(parameter),
    };

    /// <summary>For composites: the placement of a parameter of this type, with its expression, by the URL of its definition.</summary>
    private (ParameterPlacement Placement, SearchExpression Expression)? Stored(string url) =>
        parameters.FirstOrDefault(parameter => parameter.Url == url) is { } parameter ? (Place(parameter), expressions[parameter.Code]) : null;

    private ParameterPlacement Reference(SearchParameterDefinition parameter)
    {
        var values = ValueTypes(expressions[parameter.Code]);
        if (values.Length > 0 && values.All(IsUri)) return new ParameterPlacement.UriTerms(parameter, Mark(parameter));
        sideTables |= SideTables.Identifiers;
        return IsSingle(parameter)
            ? new ParameterPlacement.ReferenceColumn(parameter, Column(parameter, "", ColumnKind.Reference))
            : With(SideTables.References, new ParameterPlacement.ReferenceRows(parameter));
    }

    private ParameterPlacement.DateColumns Date(SearchParameterDefinition parameter) =>
        new(parameter, Column(parameter, "_lo", ColumnKind.Instant), Column(parameter, "_hi", ColumnKind.Instant));

    private ParameterPlacement.NumberColumns Number(SearchParameterDefinition parameter) =>
        new(parameter, Column(parameter, "", ColumnKind.Number), Column(parameter, "_hi", ColumnKind.Number));

    private ParameterPlacement.QuantityColumns Quantity(SearchParameterDefinition parameter) => new(
        parameter,
        Column(parameter, "", ColumnKind.Number),
        Column(parameter, "_hi", ColumnKind.Number),
        Column(parameter, "_canonical", ColumnKind.Number),
        Column(parameter, "_canonical_hi", ColumnKind.Number),
        Column(parameter, "_unit", ColumnKind.Hash));

    private ParameterPlacement With(SideTables tables, ParameterPlacement placement)
    {
        sideTables |= tables;
        return placement;
    }

    private int Column(SearchParameterDefinition parameter, string suffix, ColumnKind kind)
    {
        columns.Add(new(SqlNames.Column(parameter.Code, suffix), kind));
        return columns.Count - 1;
    }

    private bool IsSingle(SearchParameterDefinition parameter) =>
        expressions[parameter.Code] is { IsCompiled: true } expression && PathTyping.IsSingle(type, extension, expression.Paths);

    private ValueMark Mark(SearchParameterDefinition parameter)
    {
        var isRequired = expressions[parameter.Code].Paths.Any(path =>
            PathTyping.Targets(type, extension, path) is { Count: > 0 } targets && targets.All(target => target.Occurrence is Occurrence.Always));
        return isRequired ? ValueMark.Absent : ValueMark.Present;
    }

    private static bool IsUri(TypeDefinition value) =>
        value.Primitive is PrimitiveKind.Canonical or PrimitiveKind.Uri or PrimitiveKind.Url or PrimitiveKind.Oid or PrimitiveKind.Uuid;

    /// <summary>True for values that hardly repeat, which do not belong among shared terms.</summary>
    public static bool IsNearUnique(TypeDefinition value) =>
        value.Name is "Identifier" or "ContactPoint" || value.Primitive is PrimitiveKind.Id || IsUri(value);
}
