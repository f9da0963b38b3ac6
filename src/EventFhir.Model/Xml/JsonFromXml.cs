using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Xml.Linq;

using EventFhir.Model.Definitions;

namespace EventFhir.Model.Xml;

/// <summary>
/// The JSON that says what FHIR XML says: elements that may repeat become arrays, primitives get their JSON kind, their ids and extensions go to
/// "_name", the narrative becomes a string. What the definitions do not know is passed on for the JSON reader to refuse at its place.
/// </summary>
internal sealed class JsonFromXml : IDisposable
{
    private static readonly XNamespace Fhir = "http://hl7.org/fhir";
    private static readonly XNamespace Xhtml = "http://www.w3.org/1999/xhtml";
    private readonly Release release;
    private readonly ArrayBufferWriter<byte> buffer = new();
    private readonly Utf8JsonWriter json;

    private JsonFromXml(Release release)
    {
        this.release = release;
        json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
    }

    public static ReadOnlyMemory<byte> Convert(XElement root, Release release)
    {
        using var conversion = new JsonFromXml(release);
        conversion.Resource(root, 0);
        conversion.json.Flush();
        return conversion.buffer.WrittenMemory;
    }

    public void Dispose() => json.Dispose();

    private void Resource(XElement element, int depth)
    {
        if (element.Name.Namespace != Fhir) throw new XmlStructureException("A resource must be in the namespace http://hl7.org/fhir.", element);
        var type = release.FindResourceType(element.Name.LocalName)
            ?? throw new XmlStructureException("The element is not named after a resource type.", element);
        json.WriteStartObject();
        json.WriteString("resourceType"u8, type.Name);
        Members(element, type, depth);
        json.WriteEndObject();
    }

    private void Complex(XElement element, TypeDefinition type, int depth)
    {
        json.WriteStartObject();
        Members(element, type, depth);
        json.WriteEndObject();
    }

    private void Members(XElement element, TypeDefinition type, int depth)
    {
        if (depth > Limits.DepthMax) throw new XmlStructureException("The elements are nested too deeply.", element);
        foreach (var attribute in element.Attributes())
            if (!attribute.IsNamespaceDeclaration && attribute.Name.NamespaceName.Length == 0)
                json.WriteString(attribute.Name.LocalName, attribute.Value);
        if (element.Nodes().OfType<XText>().Any(text => !string.IsNullOrWhiteSpace(text.Value)))
            throw new XmlStructureException("Text is allowed in narratives only; values are attributes.", element);
        foreach (var group in element.Elements().GroupBy(child => child.Name)) Property([.. group], type, depth);
    }

    private void Property(XElement[] elements, TypeDefinition type, int depth)
    {
        var name = elements[0].Name.LocalName;
        var isNarrative = elements[0].Name == Xhtml + "div";
        if (elements[0].Name.Namespace != Fhir && !isNarrative)
            throw new XmlStructureException("The element is in a foreign namespace.", elements[0]);
        if (type.FindProperty(Encoding.UTF8.GetBytes(name)) is not { } property)
        {
            json.WriteStartObject(name);
            json.WriteEndObject();
            return;
        }
        var isArray = property.Element.IsRepeating || elements.Length > 1;
        if (property.Type.Type.IsPrimitive)
        {
            Primitives(name, elements, property.Type.Type, isArray, depth);
            return;
        }
        json.WritePropertyName(name);
        if (isArray) json.WriteStartArray();
        foreach (var element in elements)
        {
            if (!property.Type.Type.IsResource) Complex(element, property.Type.Type, depth + 1);
            else if (element.Elements().ToList() is [var resource]) Resource(resource, depth + 1);
            else throw new XmlStructureException("One resource is expected here.", element);
        }
        if (isArray) json.WriteEndArray();
    }

    private void Primitives(string name, XElement[] elements, TypeDefinition type, bool isArray, int depth)
    {
        if (isArray || HasValue(elements[0], type))
        {
            json.WritePropertyName(name);
            if (isArray) json.WriteStartArray();
            foreach (var element in elements) Value(element, type.Primitive);
            if (isArray) json.WriteEndArray();
        }
        if (!elements.Any(element => HasMore(element, type))) return;
        json.WritePropertyName("_" + name);
        if (isArray) json.WriteStartArray();
        foreach (var element in elements)
        {
            if (HasMore(element, type)) More(element, type, depth + 1);
            else json.WriteNullValue();
        }
        if (isArray) json.WriteEndArray();
    }

    private static bool HasValue(XElement element, TypeDefinition type) =>
        type.Primitive is PrimitiveKind.Xhtml || element.Attribute("value") is not null;

    private static bool HasMore(XElement element, TypeDefinition type) =>
        type.Primitive is not PrimitiveKind.Xhtml && (element.HasElements || element.Attribute("id") is not null);

    /// <summary>The id and the extensions of a primitive.</summary>
    private void More(XElement element, TypeDefinition type, int depth)
    {
        var rest = new XElement(element);
        rest.Attribute("value")?.Remove();
        Complex(rest, type, depth);
    }

    private void Value(XElement element, PrimitiveKind kind)
    {
        if (kind is PrimitiveKind.Xhtml)
        {
            json.WriteStringValue(element.ToString(SaveOptions.DisableFormatting));
            return;
        }
        var value = element.Attribute("value")?.Value;
        if (value is null) json.WriteNullValue();
        else if (IsBare(value, kind)) json.WriteRawValue(value, skipInputValidation: true);
        else json.WriteStringValue(value);
    }

    /// <summary>
    /// True for what JSON writes without quotes. A value that only should be a number stays a string, which the reader refuses by name.
    /// </summary>
    private static bool IsBare(string value, PrimitiveKind kind) => kind switch
    {
        PrimitiveKind.Boolean => value is "true" or "false",
        PrimitiveKind.Integer or PrimitiveKind.PositiveInt or PrimitiveKind.UnsignedInt or PrimitiveKind.Decimal => IsJsonNumber(value),
        _ => false,
    };

    private static bool IsJsonNumber(string value)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(value));
        try
        {
            return reader.Read() && reader.TokenType is JsonTokenType.Number && !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
