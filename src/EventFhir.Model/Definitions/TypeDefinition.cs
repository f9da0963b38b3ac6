using System.Collections.Immutable;

using EventFhir.Model.Validation;

namespace EventFhir.Model.Definitions;

public enum TypeKind { Primitive, Complex, Backbone, Resource }

/// <summary>
/// One type of a FHIR release: a primitive ("date"), a data type ("Quantity"), a backbone element, named by its path
/// ("Observation.component"), or a resource. Elements are listed in the order of the specification, inherited ones first.
/// </summary>
public sealed class TypeDefinition
{
    private Utf8NameMap<JsonProperty> properties = new();

    internal TypeDefinition(string name, TypeKind kind, bool isAbstract, int number) =>
        (Name, Kind, IsAbstract, Number) = (name, kind, isAbstract, number);

    public string Name { get; }
    public TypeKind Kind { get; }
    public bool IsAbstract { get; }

    /// <summary>
    /// For a resource type, the number under which the store keeps it: the same in every release and for ever; 0 for all other types.
    /// </summary>
    public int Number { get; }

    /// <summary>The type that this one specializes: null for Element, Resource and their like.</summary>
    public TypeDefinition? Base { get; internal set; }

    public ImmutableArray<ElementDefinition> Elements { get; internal set; } = [];

    /// <summary>FHIRPath rules on the type itself, those of its base types included (R4 conformance-rules.html#constraints).</summary>
    public ImmutableArray<Invariant> Invariants { get; internal set; } = [];

    /// <summary>The invariants compiled; filled on first use by <see cref="Validation.ResourceValidator"/>.</summary>
    internal InvariantRule[]? Rules { get; set; }

    /// <summary>For a primitive, the syntax its JSON and XML values must have.</summary>
    public PrimitiveKind Primitive { get; internal set; }

    public bool IsResource => Kind is TypeKind.Resource;
    public bool IsPrimitive => Kind is TypeKind.Primitive;

    /// <summary>
    /// The element and concrete type behind a JSON property name such as "valueQuantity"; null if there is none.
    /// Names with a leading "_" are not looked up here.
    /// </summary>
    public JsonProperty? FindProperty(ReadOnlySpan<byte> utf8Name) => properties.Find(utf8Name);

    /// <summary>The element of this FHIRPath name ("value" for value[x]); null if there is none.</summary>
    public ElementDefinition? FindElement(string name)
    {
        foreach (var element in Elements)
            if (element.Name == name) return element;
        return null;
    }

    public bool Is(TypeDefinition other)
    {
        for (var type = this; type is not null; type = type.Base)
            if (ReferenceEquals(type, other)) return true;
        return false;
    }

    internal void Seal()
    {
        var count = 0;
        foreach (var element in Elements) count += element.Properties.Length;
        properties = new Utf8NameMap<JsonProperty>(count);
        foreach (var element in Elements)
            foreach (var property in element.Properties)
                properties.Add(property.Name, property);
    }

    public override string ToString() => Name;
}

/// <summary>A JSON property of a type: one for a plain element, one for each type of a choice ("valueQuantity", "valueString", …).</summary>
public sealed record JsonProperty(string Name, ElementDefinition Element, ElementType Type);
