using System.Collections.Immutable;

using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Model.FhirPath;

namespace EventFhir.Core.Search.Parameters;

/// <summary>Which types of value an expression yields, and which a parameter can hold (R4 search.html#ptypes).</summary>
internal static class ValueTyping
{
    private static readonly string[] Truths =
    [
        "exists", "empty", "not", "all", "allTrue", "anyTrue", "allFalse", "anyFalse", "hasValue", "contains", "startsWith", "endsWith", "matches",
        "is",
    ];

    /// <summary>Empty if the types cannot be told from the definitions.</summary>
    public static ImmutableArray<TypeDefinition> Of(Release release, TypeDefinition type, SearchExpression expression)
    {
        if (expression.IsCompiled && release.FindType("Extension") is { } extension)
            return [.. expression.Paths.SelectMany(path => PathTyping.Targets(type, extension, path)).Select(target => target.Type).Distinct()];
        return FhirPathSyntax.TryParse(expression.Text, out var node, out _) && ResultOf(release, node) is { } result ? result : [];
    }

    /// <summary>Whether values of a type can be found through a parameter of the other.</summary>
    public static bool Fits(SearchParameterType parameter, TypeDefinition value) => parameter switch
    {
        SearchParameterType.Number => value.Primitive is PrimitiveKind.Integer or PrimitiveKind.Decimal or PrimitiveKind.PositiveInt
            or PrimitiveKind.UnsignedInt or PrimitiveKind.Integer64 || value.Name is "Range",
        SearchParameterType.Date => value.Primitive is PrimitiveKind.Date or PrimitiveKind.DateTime or PrimitiveKind.Instant
            || value.Name is "Period" or "Timing",
        SearchParameterType.String => value.IsPrimitive && !IsNumber(value)
            || value.Name is "HumanName" or "Address" or "CodeableConcept" or "Coding" or "ContactPoint" or "Identifier" or "Annotation",
        SearchParameterType.Token => value.IsPrimitive
            || value.Name is "Coding" or "CodeableConcept" or "Identifier" or "ContactPoint" or "CodeableReference",
        SearchParameterType.Reference => value.Name is "Reference" or "CodeableReference" || IsUri(value),
        SearchParameterType.Quantity => value.Name is "Range" or "SampledData" or "Money" || IsQuantity(value),
        SearchParameterType.Uri => IsUri(value),
        _ => false,
    };

    public static bool IsUri(TypeDefinition value) =>
        value.Primitive is PrimitiveKind.Canonical or PrimitiveKind.Uri or PrimitiveKind.Url or PrimitiveKind.Oid or PrimitiveKind.Uuid;

    private static bool IsNumber(TypeDefinition value) => Fits(SearchParameterType.Number, value);

    private static bool IsQuantity(TypeDefinition value)
    {
        for (var type = value; type is not null; type = type.Base)
            if (type.Name is "Quantity") return true;
        return false;
    }

    private static ImmutableArray<TypeDefinition>? ResultOf(Release release, FhirPathNode node) => node switch
    {
        FhirPathNode.Call { Name: "ofType" or "as", Arguments: [FhirPathNode.Member cast] } => Named(release, cast.Name),
        FhirPathNode.Typed { Test: TypeTest.As } typed => Named(release, typed.Type.Name),
        FhirPathNode.Typed => Named(release, "boolean"),
        FhirPathNode.Call call when Truths.Contains(call.Name) => Named(release, "boolean"),
        FhirPathNode.Call { Name: "first" or "last" or "where" or "distinct" or "tail", Source: { } source } => ResultOf(release, source),
        FhirPathNode.Binary { Operator: FhirPathOperator.Union } union =>
            ResultOf(release, union.Left) is { } left && ResultOf(release, union.Right) is { } right ? [.. left.Union(right)] : null,
        FhirPathNode.Binary binary when binary.Operator is FhirPathOperator.Equal or FhirPathOperator.NotEqual or FhirPathOperator.Equivalent
            or FhirPathOperator.NotEquivalent or FhirPathOperator.Less or FhirPathOperator.LessOrEqual or FhirPathOperator.Greater
            or FhirPathOperator.GreaterOrEqual or FhirPathOperator.In or FhirPathOperator.Contains or FhirPathOperator.And or FhirPathOperator.Or
            or FhirPathOperator.Xor or FhirPathOperator.Implies => Named(release, "boolean"),
        _ => null,
    };

    private static ImmutableArray<TypeDefinition>? Named(Release release, string name) => release.FindType(name) is { } type ? [type] : null;
}
