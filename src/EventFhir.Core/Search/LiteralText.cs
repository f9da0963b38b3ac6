using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.Core.Search;

/// <summary>The texts of values that are ordered as they stand in the resource (<see cref="SortOrder.Literal"/>).</summary>
internal static class LiteralText
{
    /// <summary>True for what is a string in JSON, or true and false; numbers are not ordered as texts.</summary>
    public static bool IsText(TypeDefinition primitive) => primitive.Primitive is not (PrimitiveKind.None or PrimitiveKind.Decimal
        or PrimitiveKind.Integer or PrimitiveKind.Integer64 or PrimitiveKind.PositiveInt or PrimitiveKind.UnsignedInt);

    public static IEnumerable<string> Of(Element element)
    {
        if (element.Type.IsPrimitive) return element.HasValue && IsText(element.Type) ? [element.Text] : [];
        var name = element.Type.Name switch
        {
            "Identifier" or "ContactPoint" or "Extension" => "value",
            "Coding" or "Quantity" => "code",
            "CodeableConcept" => "coding",
            _ => null,
        };
        if (name is null) return [];
        var values = new List<Element>();
        foreach (var child in element.ChildrenNamed(name)) values.Add(child);
        return values.SelectMany(Of);
    }
}
