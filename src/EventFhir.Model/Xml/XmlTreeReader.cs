using System.Text;
using System.Xml;

using EventFhir.Model.Definitions;
using EventFhir.Model.Validation;

namespace EventFhir.Model.Xml;

/// <summary>
/// Reads FHIR XML into nodes, guided by the definitions (R4 xml.html): namespaces, the order of elements, attributes, and that values are attributes.
/// Comments and processing instructions are dropped. What is read but wrong becomes an issue; what makes reading on pointless is thrown.
/// </summary>
internal sealed class XmlTreeReader(XmlReader reader, string text, Release release)
{
    public const string Namespace = "http://hl7.org/fhir";
    public const string Declarations = "http://www.w3.org/2000/xmlns/";
    private const string SchemaInstance = "http://www.w3.org/2001/XMLSchema-instance";
    private const int NameCharactersMax = 100;

    private readonly List<XmlNode> nodes = new(256);
    private readonly List<Issue> issues = [];
    private readonly IXmlLineInfo position = (IXmlLineInfo)reader;
    private NarrativeSource narratives = new(text);

    /// <summary>What is wrong with elements that were left out.</summary>
    public IReadOnlyList<Issue> Issues => issues;

    /// <exception cref="XmlException">This is no well-formed XML.</exception>
    /// <exception cref="XmlFault">It is no FHIR.</exception>
    public List<XmlNode> Read()
    {
        while (reader.Read() && reader.NodeType is not XmlNodeType.Element)
            if (reader.NodeType is XmlNodeType.XmlDeclaration && reader.GetAttribute("encoding") is { } encoding
                && !encoding.Equals("utf-8", StringComparison.OrdinalIgnoreCase))
                throw Fault("FHIR XML is encoded as UTF-8.", "");
        var type = ReadResourceType("");
        var root = Add(type.Name, property: null, type, parent: 0, ordinal: 0);
        ReadAttributes(root, type);
        ReadContent(root, type, depth: 1);
        // What follows the root is read to be sure that it is well-formed.
        while (reader.Read()) { }
        return nodes;
    }

    private TypeDefinition ReadResourceType(string expression)
    {
        if (reader.NamespaceURI != Namespace) throw Fault($"A resource is in the namespace {Namespace}.", expression);
        return release.FindResourceType(reader.LocalName)
            ?? throw Fault("The element is not named after a resource type; case matters.", expression);
    }

    /// <summary>Reads the children of the element on which the reader stands, and its end.</summary>
    private void ReadContent(int self, TypeDefinition type, int depth)
    {
        if (depth > Limits.DepthMax) throw Fault($"Elements nest deeper than {Limits.DepthMax}.", PathOf(self));
        JsonProperty? last = null;
        var ordinal = 0;
        if (!reader.IsEmptyElement)
        {
            while (reader.Read() && reader.NodeType is not XmlNodeType.EndElement)
            {
                if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA)
                    throw Fault("Text stands in narratives only; values are attributes.", PathOf(self));
                if (reader.NodeType is not XmlNodeType.Element) continue;
                if (Find(self, type) is not { } property)
                {
                    Close(Add(reader.LocalName, property: null, type: null, self, ordinal: 0));
                    Skip();
                    continue;
                }
                CheckOrder(self, last, property);
                ordinal = property == last ? ordinal + 1 : 0;
                last = property;
                ReadElement(self, property, ordinal, depth + 1);
            }
        }
        Close(self);
    }

    /// <summary>The property that the element stands for; null if there is none.</summary>
    private JsonProperty? Find(int self, TypeDefinition type)
    {
        var property = reader.LocalName.Length <= NameCharactersMax ? type.FindProperty(Encoding.UTF8.GetBytes(reader.LocalName)) : null;
        var isNarrative = property?.Type.Type.Primitive is PrimitiveKind.Xhtml;
        if (reader.NamespaceURI != (isNarrative ? NarrativeSource.Namespace : Namespace))
            throw Fault("The element is in another namespace than the specification gives it.", PathOf(self));
        return property is { Element: { IsXmlAttribute: false, Max: > 0 } } ? property : null;
    }

    /// <summary>R4 xml.html: "Elements must always appear in the order documented".</summary>
    private void CheckOrder(int self, JsonProperty? last, JsonProperty property)
    {
        if (last is not null && property.Element.Order < last.Element.Order)
            throw Fault(
                $"Elements stand in the order of the specification: this one comes before '{last.Name}'.", $"{PathOf(self)}.{property.Element.Name}");
    }

    private void ReadElement(int parent, JsonProperty property, int ordinal, int depth)
    {
        var type = property.Type.Type;
        var self = Add(property.Name, property, type, parent, ordinal);
        if (ordinal > 0 && !property.Element.IsRepeating)
        {
            if (issues.Count < Limits.IssuesMax)
                issues.Add(new Issue(IssueSeverity.Error, "structure", "There may be one of these only.", PathOf(self), position.LineNumber,
                    position.LinePosition));
            nodes.RemoveAt(self);
            Skip();
            return;
        }
        if (type.Primitive is PrimitiveKind.Xhtml)
        {
            Set(self, narratives.Read(reader) ?? throw Fault("The narrative holds something of another namespace.", PathOf(self)));
            Close(self);
            return;
        }
        ReadAttributes(self, type);
        if (type.IsResource) ReadNested(self, depth);
        else ReadContent(self, type, depth);
    }

    /// <summary>Reads the one resource in an element that holds nothing else: the two are one node.</summary>
    private void ReadNested(int self, int depth)
    {
        TypeDefinition? type = null;
        if (!reader.IsEmptyElement)
        {
            while (reader.Read() && reader.NodeType is not XmlNodeType.EndElement)
            {
                if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA || (reader.NodeType is XmlNodeType.Element && type is not null))
                    throw Fault("One resource is expected here and nothing else.", PathOf(self));
                if (reader.NodeType is not XmlNodeType.Element) continue;
                type = ReadResourceType(PathOf(self));
                nodes[self] = nodes[self] with { Type = type, Line = position.LineNumber, Column = position.LinePosition };
                ReadAttributes(self, type);
                ReadContent(self, type, depth + 1);
            }
        }
        if (type is null) throw Fault("One resource is expected here.", PathOf(self));
        Close(self);
    }

    private void ReadAttributes(int self, TypeDefinition type)
    {
        for (var i = 0; i < reader.AttributeCount; i++)
        {
            reader.MoveToAttribute(i);
            // R4 forbids to name a schema, but many tools do, and it says nothing.
            if (reader.NamespaceURI is Declarations or SchemaInstance) continue;
            if (reader.NamespaceURI.Length > 0) throw Fault("The attribute is in a namespace; those of FHIR are in none.", PathOf(self));
            var name = reader.LocalName;
            if (name == "value" && type.IsPrimitive)
                Set(self, XmlValue.Of(type.Primitive, reader.Value));
            else if (name.Length <= NameCharactersMax && type.FindProperty(Encoding.UTF8.GetBytes(name)) is { Element.IsXmlAttribute: true } property)
                Close(Add(name, property, property.Type.Type, self, ordinal: 0), XmlValue.Of(property.Type.Type.Primitive, reader.Value));
            else
                throw Fault($"{type.Name} has no such attribute.", PathOf(self));
        }
        reader.MoveToElement();
    }

    private void Skip()
    {
        if (reader.IsEmptyElement) return;
        var depth = reader.Depth;
        while (reader.Read() && !(reader.NodeType is XmlNodeType.EndElement && reader.Depth == depth)) { }
    }

    private int Add(string name, JsonProperty? property, TypeDefinition? type, int parent, int ordinal)
    {
        nodes.Add(new XmlNode(name, property, type, Value: null, parent, ordinal, position.LineNumber, position.LinePosition));
        return nodes.Count - 1;
    }

    private void Set(int self, string value) => nodes[self] = nodes[self] with { Value = value };

    private void Close(int self) => nodes[self] = nodes[self] with { End = nodes.Count };

    private void Close(int self, string value) => nodes[self] = nodes[self] with { Value = value, End = nodes.Count };

    private XmlFault Fault(string message, string expression) => new(message, expression, position.LineNumber, position.LinePosition);

    private string PathOf(int self) => XmlPath.Of(nodes, self);
}
