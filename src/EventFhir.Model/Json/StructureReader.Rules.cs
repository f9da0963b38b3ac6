using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Validation;

namespace EventFhir.Model.Json;

/// <summary>Rules on values and on whole objects.</summary>
internal ref partial struct StructureReader
{
    private const string NullFault = "null stands for no value; leave the property out.";
    private const string ReferenceFault = "A reference is Type/id with a known type, an absolute URL, urn:uuid:, urn:oid: or #id.";

    private void ReadPrimitive(int self, JsonProperty property, int ordinal, JsonKind kind)
    {
        var type = property.Type.Type;
        var form = JsonFormOf(type.Primitive);
        if ((kind is JsonKind.False ? JsonKind.True : kind) != form)
        {
            var faulty = AddItem(self, property, ordinal, NodeFlags.IsFaulty);
            RefuseItem(faulty, kind, kind is JsonKind.Null ? NullFault : $"In JSON the value of {type.Name} is a {NameOf(form)}.");
            return;
        }
        var flags = NodeFlags.HasValue | (property.Element.IsRepeating ? NodeFlags.IsIndexed : 0)
            | (kind is JsonKind.String ? NodeFlags.IsString : 0) | (cursor.IsEscaped ? NodeFlags.IsEscaped : 0);
        var node = Add(property.Element, type, self, cursor.Start, cursor.Length, ordinal, flags);
        if (type.Primitive is PrimitiveKind.Boolean) return;
        var value = Plain(cursor);
        if (PrimitiveSyntax.Fault(type.Primitive, value) is { } fault)
            Report(node, "value", fault, cursor.Start);
        else if (RequiredCodes(property.Element) is { } codes && IsCoded(type.Primitive) && !codes.Contains(value))
            Report(node, "code-invalid", $"The code is not in the value set {codes.Url}.", cursor.Start);
    }

    private static CodeList? RequiredCodes(ElementDefinition element) =>
        element.Binding is { Strength: BindingStrength.Required, Codes: { } codes } ? codes : null;

    private static bool IsCoded(PrimitiveKind kind) =>
        kind is PrimitiveKind.Code or PrimitiveKind.Uri or PrimitiveKind.Canonical or PrimitiveKind.Url or PrimitiveKind.String;

    /// <summary>The kind of JSON value that a primitive type has; True stands for both booleans.</summary>
    private static JsonKind JsonFormOf(PrimitiveKind kind) => kind switch
    {
        PrimitiveKind.Boolean => JsonKind.True,
        PrimitiveKind.Integer or PrimitiveKind.Decimal or PrimitiveKind.PositiveInt or PrimitiveKind.UnsignedInt => JsonKind.Number,
        _ => JsonKind.String,
    };

    private static string NameOf(JsonKind form) => form switch
    {
        JsonKind.True => "boolean",
        JsonKind.Number => "number",
        _ => "string",
    };

    private static bool IsContained(JsonProperty property) => property.Type.Type.IsResource && property.Element.Name == "contained";

    private void ReadNestedResource(int node, JsonProperty property)
    {
        var type = ResourceTypeHere(out var fault);
        if (type is null)
        {
            if (cursor.Fault is null) Report(node, "structure", fault!, cursor.Start);
            cursor.Skip(JsonKind.Object);
            return;
        }
        nodes[node].Type = type;
        if (!IsContained(property))
        {
            ReadResourceContent(node, type);
            return;
        }
        if (isContained) Report(node, "structure", "A contained resource contains no others (dom-2).", cursor.Start);
        var wasContained = isContained;
        isContained = true;
        ReadResourceContent(node, type);
        isContained = wasContained;
        if (cursor.Fault is null) CheckContained(node);
    }

    /// <summary>R4 references.html#contained: an id to refer to, and nothing of a life of its own.</summary>
    private void CheckContained(int self)
    {
        if (Child(self, "id") < 0)
            Report("required", "A contained resource has an id, so that it can be referred to.", PathOf(self) + ".id", nodes[self].Start);
        if (Child(self, "meta") is var meta && meta < 0) return;
        RefuseChild(meta, "versionId", "A contained resource has no version (dom-4).");
        RefuseChild(meta, "lastUpdated", "A contained resource has no version (dom-4).");
        RefuseChild(meta, "security", "A contained resource has no security label (dom-5).");
    }

    private void RefuseChild(int self, string name, string diagnostics)
    {
        if (Child(self, name) is var child && child >= 0) Report(child, "structure", diagnostics, nodes[child].Start);
    }

    private void Close(int self, TypeDefinition type, scoped ReadOnlySpan<Slot> slots, scoped in ObjectSummary summary)
    {
        var hasMore = summary.HasUnknown || summary.HasResourceType;
        var elements = type.Elements;
        for (var order = 0; order < slots.Length; order++)
        {
            if (slots[order].Choice != 0) hasMore |= order > 0;
            else if (elements[order].Min > 0) ReportAt(self, elements[order], "required", "This element must be there.", nodes[self].Start);
        }
        // For a primitive an id alone may do: pairing knows whether there is a value.
        var isEmpty = !hasMore && !type.IsResource && (!type.IsPrimitive || slots[0].Choice == 0);
        if (isEmpty) Report(self, "structure", "An object is never empty, and an id alone is no content (ele-1).", nodes[self].Start);
        if (type.IsPrimitive && (isEmpty || summary.HasUnknown)) nodes[self].Flags |= NodeFlags.IsFaulty;
        if (ReferenceEquals(type, rules.Extension) && (slots[rules.ExtensionValue].Choice != 0) == (slots[rules.ExtensionExtension].Choice != 0))
            Report(self, "invariant", "An extension has either a value or extensions (ext-1).", nodes[self].Start);
    }

    private void CheckBinding(int self, CodeList codes)
    {
        var type = nodes[self].Type;
        var isMember = ReferenceEquals(type, rules.Coding) ? IsMember(self, codes)
            : ReferenceEquals(type, rules.CodeableConcept) ? HasMember(self, codes)
            : !ReferenceEquals(type, rules.Quantity) || IsMember(self, codes);
        if (!isMember) Report(self, "code-invalid", $"No code here is in the value set {codes.Url}.", nodes[self].Start);
    }

    private bool HasMember(int concept, CodeList codes)
    {
        for (var child = concept + 1; child < nodes[concept].End; child = nodes[child].End)
            if (ReferenceEquals(nodes[child].Type, rules.Coding) && IsMember(child, codes)) return true;
        return false;
    }

    /// <summary>A code may be in a value set with several systems, so the first system found is only the likely one.</summary>
    private bool IsMember(int self, CodeList codes)
    {
        var code = Child(self, "code");
        if (code < 0 || (nodes[code].Flags & NodeFlags.HasValue) == 0) return false;
        var value = PlainOf(code);
        if (codes.SystemOf(value) is not { } listed) return false;
        var system = Child(self, "system");
        if (system < 0 || (nodes[system].Flags & NodeFlags.HasValue) == 0) return false;
        var url = PlainOf(system);
        if (Ascii.Equals(url, listed)) return true;
        foreach (var entry in codes.Codes)
            if (Ascii.Equals(url, entry.System) && Ascii.Equals(value, entry.Code)) return true;
        return false;
    }

    private void CheckReference(int self, ElementType elementType)
    {
        var reference = Child(self, "reference");
        if (reference < 0 || (nodes[reference].Flags & NodeFlags.HasValue) == 0) return;
        var form = ReferenceSyntax.Parse(PlainOf(reference), rules.Release, out var target);
        // Only a transaction resolves criteria, and there the resource lies in a Bundle.
        var isEntry = resourceDepth - (isContained ? 1 : 0) > 1;
        if (form is ReferenceForm.Invalid || (form is ReferenceForm.Conditional && !isEntry))
        {
            Report(reference, "value", ReferenceFault, nodes[reference].Start);
        }
        else if (target is not null && !elementType.Targets.IsEmpty && !IsTarget(target, elementType))
        {
            Report(reference, "structure", $"This element may not refer to {target.Name}.", nodes[reference].Start);
        }
    }

    private static bool IsTarget(TypeDefinition target, ElementType elementType)
    {
        foreach (var allowed in elementType.Targets)
            if (target.Is(allowed)) return true;
        return false;
    }

    private readonly ReadOnlySpan<byte> PlainOf(int node)
    {
        var raw = text.Slice(nodes[node].Start, nodes[node].Length);
        if ((nodes[node].Flags & NodeFlags.IsEscaped) == 0) return raw;
        var plain = new byte[raw.Length];
        return plain.AsSpan(0, JsonEscape.Unescape(raw, plain));
    }

    /// <summary>The first child of this name; -1 if there is none.</summary>
    private readonly int Child(int self, string name)
    {
        for (var child = self + 1; child < nodes[self].End; child = nodes[child].End)
            if (nodes[child].Definition!.Name == name) return child;
        return -1;
    }
}
