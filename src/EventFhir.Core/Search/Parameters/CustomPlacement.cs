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
        return Kind(parameter, values.All(ValueTyping.IsUri) && values.Length > 0) with
        {
            Expression = expression,
            ValueTypes = values,
            Home = TermHome.Identifiers,
        };
    }

    public static SideTables TablesOf(ParameterPlacement placement) => placement switch
    {
        ParameterPlacement.ReferenceRows => SideTables.References | SideTables.Identifiers,
        ParameterPlacement.DateRows => SideTables.Dates,
        ParameterPlacement.NumberRows or ParameterPlacement.QuantityRows => SideTables.Numbers,
        ParameterPlacement.StringRows or ParameterPlacement.UriRows => SideTables.Strings,
        ParameterPlacement.TokenIdentifiers or ParameterPlacement.UriTerms => SideTables.Identifiers,
        _ => SideTables.None,
    };

    private static ParameterPlacement Kind(SearchParameterDefinition parameter, bool isUri) => parameter.Type switch
    {
        SearchParameterType.Reference when isUri => new ParameterPlacement.UriTerms(parameter, ValueMark.Present),
        SearchParameterType.Reference => new ParameterPlacement.ReferenceRows(parameter),
        SearchParameterType.Date => new ParameterPlacement.DateRows(parameter),
        SearchParameterType.Number => new ParameterPlacement.NumberRows(parameter),
        SearchParameterType.Quantity => new ParameterPlacement.QuantityRows(parameter),
        SearchParameterType.String => new ParameterPlacement.StringRows(parameter),
        SearchParameterType.Uri => new ParameterPlacement.UriRows(parameter),
        SearchParameterType.Token => new ParameterPlacement.TokenIdentifiers(parameter, ValueMark.Present),
        _ => new ParameterPlacement.Nowhere(parameter),
    };
}
