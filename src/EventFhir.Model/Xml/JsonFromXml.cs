using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

using EventFhir.Model.Definitions;
using EventFhir.Model.Validation;

using JsonProperty = EventFhir.Model.Definitions.JsonProperty;

namespace EventFhir.Model.Xml;

/// <summary>
/// Writes the JSON that says what FHIR XML says: elements that may repeat become arrays, primitives get their JSON kind, their ids and extensions
/// go to "_name", the narrative becomes a string. What the definitions do not know is passed on for the JSON reader to refuse at its place.
/// </summary>
internal sealed class JsonFromXml : IDisposable
{
    private readonly List<XmlNode> nodes;
    private readonly ArrayBufferWriter<byte> buffer;
    private readonly Utf8JsonWriter json;
    private readonly XmlPlaces places = new();
    private readonly List<Issue> issues = [];

    /// <param name="lengthExpected">In bytes.</param>
    public JsonFromXml(List<XmlNode> nodes, int lengthExpected)
    {
        this.nodes = nodes;
        buffer = new ArrayBufferWriter<byte>(Math.Max(256, lengthExpected));
        json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
    }

    public (ReadOnlyMemory<byte> Json, XmlPlaces Places, IReadOnlyList<Issue> Issues) Convert()
    {
        Object(0);
        json.Flush();
        return (buffer.WrittenMemory, places, issues);
    }

    public void Dispose() => json.Dispose();

    private void Object(int self)
    {
        Mark(self);
        json.WriteStartObject();
        if (nodes[self].Type is { IsResource: true } type) json.WriteString("resourceType"u8, type.Name);
        for (var child = self + 1; child < nodes[self].End;) child = Property(child, nodes[self].End);
        json.WriteEndObject();
    }

    /// <summary>Writes the elements of one name that stand together; returns where the next name is.</summary>
    private int Property(int first, int end)
    {
        var node = nodes[first];
        Mark(first);
        if (node.Property is not { } property || node.Type is not { } type)
        {
            // These names mean something in JSON that they do not mean in XML.
            var isSpecial = node.Name[0] == '_' || node.Name == "resourceType";
            json.WriteStartObject(isSpecial ? " " : node.Name);
            json.WriteEndObject();
            return node.End;
        }
        var next = first;
        while (next < end && nodes[next].Property == property) next = nodes[next].End;
        if (type.IsPrimitive)
        {
            Primitives(first, next, property);
            return next;
        }
        json.WritePropertyName(node.Name);
        if (property.Element.IsRepeating) json.WriteStartArray();
        for (var item = first; item < next; item = nodes[item].End) Object(item);
        if (property.Element.IsRepeating) json.WriteEndArray();
        return next;
    }

    private void Primitives(int first, int end, JsonProperty property)
    {
        var isArray = property.Element.IsRepeating;
        var (hasValue, hasMore) = (false, false);
        for (var item = first; item < end; item = nodes[item].End)
        {
            hasValue |= nodes[item].Value is not null;
            hasMore |= HasMore(item);
        }
        if (hasValue)
        {
            json.WritePropertyName(property.Name);
            if (isArray) json.WriteStartArray();
            for (var item = first; item < end; item = nodes[item].End) Value(item);
            if (isArray) json.WriteEndArray();
        }
        if (!hasMore) return;
        Mark(first);
        json.WritePropertyName("_" + property.Name);
        if (isArray) json.WriteStartArray();
        for (var item = first; item < end; item = nodes[item].End)
        {
            if (HasMore(item)) Object(item);
            else json.WriteNullValue();
        }
        if (isArray) json.WriteEndArray();
    }

    /// <summary>True if there is an id or extension, and also if there is nothing at all, for the JSON reader to refuse.</summary>
    private bool HasMore(int self) => nodes[self].Value is null || nodes[self].End > self + 1;

    private void Value(int self)
    {
        Mark(self);
        var node = nodes[self];
        var kind = node.Type!.Primitive;
        if (node.Value is not { } value)
        {
            json.WriteNullValue();
            return;
        }
        if (!XmlValue.IsBare(kind))
        {
            json.WriteStringValue(value);
            return;
        }
        var utf8 = Encoding.UTF8.GetBytes(value);
        if (XmlValue.IsBareValue(kind, utf8))
        {
            json.WriteRawValue(utf8, skipInputValidation: true);
            return;
        }
        var fault = kind is PrimitiveKind.Boolean ? "A boolean is true or false." : "This is no number as R4 writes it.";
        if (issues.Count < Limits.IssuesMax)
            issues.Add(new Issue(IssueSeverity.Error, "value", fault, XmlPath.Of(nodes, self), node.Line, node.Column));
        // Something has to stand there, for the rest to be read.
        if (kind is PrimitiveKind.Boolean) json.WriteBooleanValue(true);
        else json.WriteNumberValue(1);
    }

    private void Mark(int self) => places.Add((int)(json.BytesCommitted + json.BytesPending), nodes[self].Line, nodes[self].Column);
}
