using System.Collections.Immutable;

using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search.Parameters;

/// <summary>Where a custom parameter is stored: always in rows, never in columns or terms, so that it can come and go while others use the
/// tables.</summary>
internal static class CustomPlacement
{
    public static ParameterPlacement Of(Release release, TypeDefinition type, SearchParameterDefinition parameter)
    {
        var expression = SearchExpression.Of(release, parameter.Expression);
        var values = ValueTyping.Of(release, type, expression);
        var extension = release.FindType("Extension")!;
        var placement = parameter.Type is SearchParameterType.Composite
            ? Composite(release, type, extension, parameter, expression)
            : Kind(parameter, values);
        return placement with
        {
            Expression = expression,
            ValueTypes = values,
            IsMediaType = PathTyping.IsMediaType(type, extension, expression.Paths),
            Home = TermHome.Identifiers,
        };
    }

    public static SideTables TablesOf(ParameterPlacement placement) => placement switch
    {
        ParameterPlacement.ReferenceRows => SideTables.References | SideTables.Identifiers,
        ParameterPlacement.DateRows => SideTables.Dates,
        ParameterPlacement.NumberRows or ParameterPlacement.QuantityRows => SideTables.Numbers,
        ParameterPlacement.StringRows or ParameterPlacement.UriRows => SideTables.Strings,
        ParameterPlacement.TokenTerms or ParameterPlacement.TokenIdentifiers or ParameterPlacement.UriTerms => SideTables.Identifiers,
        // The mark of those that have a value is a term.
        ParameterPlacement.Composite composite => SideTables.Identifiers | TableOf(composite.Last),
        _ => SideTables.None,
    };

    private static SideTables TableOf(CompositeEnd end) => end switch
    {
        CompositeEnd.Number or CompositeEnd.NumberPair or CompositeEnd.Quantity => SideTables.Numbers,
        CompositeEnd.Date => SideTables.Dates,
        CompositeEnd.String => SideTables.Strings,
        _ => SideTables.None,
    };

    private static ParameterPlacement Composite(
        Release release, TypeDefinition type, TypeDefinition extension, SearchParameterDefinition parameter, SearchExpression expression)
    {
        var tables = SideTables.None;
        return CompositePlan.Of(release, type, extension, parameter, expression, static _ => null, ref tables);
    }

    private static bool IsNearUnique(ImmutableArray<TypeDefinition> values) => values.Any(LayoutPlan.IsNearUnique);

    private static bool IsUri(ImmutableArray<TypeDefinition> values) => values.Length > 0 && values.All(ValueTyping.IsUri);

    private static ParameterPlacement Kind(SearchParameterDefinition parameter, ImmutableArray<TypeDefinition> values) => parameter.Type switch
    {
        SearchParameterType.Reference when IsUri(values) => new ParameterPlacement.UriTerms(parameter, ValueMark.Present),
        SearchParameterType.Reference => new ParameterPlacement.ReferenceRows(parameter),
        SearchParameterType.Date => new ParameterPlacement.DateRows(parameter),
        SearchParameterType.Number => new ParameterPlacement.NumberRows(parameter),
        SearchParameterType.Quantity => new ParameterPlacement.QuantityRows(parameter),
        SearchParameterType.String => new ParameterPlacement.StringRows(parameter),
        SearchParameterType.Uri => new ParameterPlacement.UriRows(parameter),
        SearchParameterType.Token when IsNearUnique(values) => new ParameterPlacement.TokenIdentifiers(parameter, ValueMark.Present),
        SearchParameterType.Token => new ParameterPlacement.TokenTerms(parameter, ValueMark.Present),
        _ => new ParameterPlacement.Nowhere(parameter),
    };
}
