using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Json;

namespace EventFhir.Model.Patching;

/// <summary>Puts values of a patch into the JSON object of an element, under the properties that its type has for them.</summary>
internal static class PatchedMembers
{
    /// <returns>What is wrong; null if nothing is.</returns>
    /// <param name="name">The FHIRPath name, "value" for valueQuantity; the JSON name is understood too.</param>
    public static string? Add(JsonPart.Members members, TypeDefinition type, string name, PatchValue value)
    {
        var definition = type.FindElement(name) ?? type.FindProperty(Encoding.UTF8.GetBytes(name))?.Element;
        if (definition is null) return $"{type.Name} has no element of this name.";
        if (PropertyOf(definition, value) is not { } property) return "The element cannot have a value of this type.";
        if (Build(property, value, out var built, out var companion) is { } wrong) return wrong;
        if (!definition.IsRepeating)
            foreach (var other in definition.Properties)
                if (new PatchedList(members, other.Name, definition).Count > 0) return "The element is there already, and does not repeat.";
        var list = new PatchedList(members, property.Name, definition);
        return list.Insert(list.Count, built, companion);
    }

    /// <summary>The property for a value of this type; null if a choice has none.</summary>
    public static JsonProperty? PropertyOf(ElementDefinition definition, PatchValue value)
    {
        if (!definition.IsChoice) return definition.Properties[0];
        foreach (var property in definition.Properties)
            if (property.Name.Length == definition.Name.Length + value.TypeSuffix.Length
                && property.Name.EndsWith(value.TypeSuffix, StringComparison.Ordinal)) return property;
        return null;
    }

    /// <returns>What is wrong; null if nothing is.</returns>
    /// <param name="built">Null if a primitive has only an id or extensions.</param>
    public static string? Build(JsonProperty property, PatchValue value, out JsonPart? built, out JsonPart? companion)
    {
        (built, companion) = (value.Value?.Copy(), value.Companion?.Copy());
        if (companion is not null && !property.Type.Type.IsPrimitive) return "A complex value has its extensions within.";
        if (value.Parts.IsEmpty) return null;
        if (built is not null || companion is not null) return "A value is given as such or by its parts, not both.";
        var members = new JsonPart.Members();
        foreach (var part in value.Parts)
            if (Add(members, property.Type.Type, part.Name, part) is { } wrong) return wrong;
        built = members;
        return null;
    }
}
