using System.Collections.Immutable;

using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search.Indexing;

/// <summary>Decides how a composite is stored.</summary>
internal static class CompositePlan
{
    public delegate (ParameterPlacement Placement, SearchExpression Expression)? StoredParameter(string url);

    public static ParameterPlacement Of(
        Release release,
        TypeDefinition type,
        TypeDefinition extension,
        SearchParameterDefinition parameter,
        SearchExpression expression,
        StoredParameter stored,
        ref SideTables sideTables)
    {
        var parts = parameter.Components.Select(component => Part(release, stored, component)).ToImmutableArray();
        if (parts.Any(part => part is null) || !expression.IsCompiled) return new ParameterPlacement.Nowhere(parameter);
        if (Conjunction(parameter, expression, parts!, stored) is { } conjunction) return conjunction;

        var ordered = parts.Select(part => part!).ToImmutableArray();
        var end = End(ordered);
        if (end is null) return new ParameterPlacement.Nowhere(parameter);
        sideTables |= end switch
        {
            CompositeEnd.Reference => SideTables.Identifiers,
            CompositeEnd.Number or CompositeEnd.NumberPair or CompositeEnd.Quantity => SideTables.Numbers,
            CompositeEnd.Date => SideTables.Dates,
            CompositeEnd.String => SideTables.Strings,
            _ => SideTables.None,
        };
        return new ParameterPlacement.Composite(parameter, end.Value, ordered);
    }

    /// <summary>True if composites of these components have a place.</summary>
    public static bool IsStorable(Release release, ImmutableArray<CompositeComponent> components) =>
        components.Select(component => Part(release, static _ => null, component)).ToImmutableArray() is var parts
        && !parts.Contains(null) && End(parts!) is not null;

    private static CompositePart? Part(Release release, StoredParameter stored, CompositeComponent component)
    {
        var parameter = stored(component.Definition)?.Placement.Parameter ?? release.FindSearchParameter(component.Definition);
        return parameter is null ? null : new(parameter, component.Expression) { Compiled = SearchExpression.Of(release, component.Expression) };
    }

    /// <summary>
    /// A composite on the resource itself needs no storage if each component is stored as a parameter of its own: there is one tuple only.
    /// </summary>
    private static ParameterPlacement.Conjunction? Conjunction(
        SearchParameterDefinition parameter, SearchExpression expression, ImmutableArray<CompositePart?> parts, StoredParameter stored)
    {
        if (expression.Paths is not [{ Steps.IsEmpty: true } whole]) return null;
        var components = ImmutableArray.CreateBuilder<ParameterPlacement>();
        foreach (var part in parts)
        {
            if (stored(part!.Parameter.Url) is not { } own || !part.Compiled.IsCompiled) return null;
            if (!own.Expression.Paths.ToHashSet().IsSupersetOf(part.Compiled.Paths.Select(whole.Then))) return null;
            components.Add(own.Placement);
        }
        return new(parameter, components.ToImmutable());
    }

    private static CompositeEnd? End(ImmutableArray<CompositePart> parts)
    {
        var types = parts.Select(part => part.Parameter.Type).ToArray();
        var hashed = types.TakeWhile(type => type is SearchParameterType.Token or SearchParameterType.Reference or SearchParameterType.Uri).Count();
        var hasReference = types.Contains(SearchParameterType.Reference);
        return types[hashed..] switch
        {
            [] => hasReference ? CompositeEnd.Reference : CompositeEnd.Token,
            [SearchParameterType.Number] => CompositeEnd.Number,
            [SearchParameterType.Number, SearchParameterType.Number] => CompositeEnd.NumberPair,
            [SearchParameterType.Quantity] => CompositeEnd.Quantity,
            [SearchParameterType.Date] => CompositeEnd.Date,
            [SearchParameterType.String] => CompositeEnd.String,
            _ => null,
        };
    }
}
