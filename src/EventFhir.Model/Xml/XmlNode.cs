using EventFhir.Model.Definitions;

namespace EventFhir.Model.Xml;

/// <summary>
/// One element of XML, or one of its attributes "id" and "url". Nodes lie in document order: the children of node i start at i + 1, attributes first,
/// and its next sibling is at End.
/// </summary>
/// <param name="Name">The name in XML, which is that of the JSON property: "valueQuantity".</param>
/// <param name="Property">Null for the root, and for what the definitions do not know.</param>
/// <param name="Type">For an element that holds a resource, the type of that resource; null for what the definitions do not know.</param>
/// <param name="Value">Of a primitive or an attribute: its value; of a narrative: its markup. Null if there is none.</param>
/// <param name="Parent">The node this one belongs to; the root is its own parent.</param>
/// <param name="Ordinal">The place among the siblings of the same name.</param>
/// <param name="Line">1-based.</param>
/// <param name="Column">1-based, in UTF-16 units.</param>
internal record struct XmlNode(
    string Name, JsonProperty? Property, TypeDefinition? Type, string? Value, int Parent, int Ordinal, int Line, int Column)
{
    public int End;
}
