using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Reading;

namespace EventFhir.Server.Formats;

/// <summary>
/// Cuts resources down to what _summary or _elements ask for (R4 search.html#summary, #elements). What is cut is tagged SUBSETTED, so that nobody
/// writes it back as the whole. Required elements always stay.
/// </summary>
public sealed class SubsetWriter(SummaryMode summary, ImmutableArray<string> elements)
{
    private const string TagSystem = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";

    /// <summary>The stored bytes themselves where nothing is cut.</summary>
    public ReadOnlyMemory<byte> Write(StoredVersion version) => Write(version.Key.Type, version.Body);

    /// <param name="body">The text of a resource of the type.</param>
    public ReadOnlyMemory<byte> Write(TypeDefinition type, ReadOnlyMemory<byte> body)
    {
        if (summary is SummaryMode.None && elements.IsEmpty) return body;
        using var document = JsonDocument.Parse(body);
        var buffer = new ArrayBufferWriter<byte>(body.Length + 128);
        using var json = new Utf8JsonWriter(buffer, OutcomeWriter.Relaxed);
        json.WriteStartObject();
        foreach (var property in document.RootElement.EnumerateObject())
        {
            if (property.NameEquals("meta"u8)) WriteMeta(json, property.Value);
            else if (IsKept(type, property.Name)) WriteProperty(json, type, property);
        }
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private bool IsKept(TypeDefinition type, string name)
    {
        if (name is "resourceType" or "id") return true;
        if (Find(type, name) is not { } element) return false;
        if (!elements.IsEmpty) return element.Min > 0 || element.IsModifier || elements.Contains(element.Name);
        return summary switch
        {
            SummaryMode.True => element.Min > 0 || element.IsSummary,
            SummaryMode.Text => element.Min > 0 || element.Name == "text",
            _ => element.Name != "text",
        };
    }

    private void WriteProperty(Utf8JsonWriter json, TypeDefinition type, System.Text.Json.JsonProperty property)
    {
        var inner = type.FindProperty(Encoding.UTF8.GetBytes(property.Name))?.Type.Type;
        if (summary is not SummaryMode.True || inner is not { Kind: TypeKind.Backbone })
        {
            json.WritePropertyName(property.Name);
            property.Value.WriteTo(json);
            return;
        }
        json.WritePropertyName(property.Name);
        if (property.Value.ValueKind is not JsonValueKind.Array)
        {
            WriteBackbone(json, inner, property.Value);
            return;
        }
        json.WriteStartArray();
        foreach (var item in property.Value.EnumerateArray()) WriteBackbone(json, inner, item);
        json.WriteEndArray();
    }

    /// <summary>Within a repeated part of the resource, the summary keeps what the definition marks there.</summary>
    private void WriteBackbone(Utf8JsonWriter json, TypeDefinition type, JsonElement value)
    {
        json.WriteStartObject();
        foreach (var property in value.EnumerateObject())
            if (IsKept(type, property.Name)) WriteProperty(json, type, property);
        json.WriteEndObject();
    }

    /// <summary>A primitive's id and extensions, "_name", belong to the element itself.</summary>
    private static ElementDefinition? Find(TypeDefinition type, string name) =>
        type.FindProperty(Encoding.UTF8.GetBytes(name.StartsWith('_') ? name[1..] : name))?.Element;

    private static void WriteMeta(Utf8JsonWriter json, JsonElement meta)
    {
        json.WriteStartObject("meta"u8);
        foreach (var property in meta.EnumerateObject())
            if (!property.NameEquals("tag"u8)) property.WriteTo(json);
        json.WriteStartArray("tag"u8);
        if (meta.TryGetProperty("tag"u8, out var tags))
            foreach (var tag in tags.EnumerateArray()) tag.WriteTo(json);
        json.WriteStartObject();
        json.WriteString("system"u8, TagSystem);
        json.WriteString("code"u8, "SUBSETTED"u8);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
