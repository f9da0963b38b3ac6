using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;

namespace EventFhir.Server.Formats;

/// <summary>One parameter of a Parameters resource, or a part of one: it has a text, or parts.</summary>
public sealed record ParametersEntry(string Name, string Text, ImmutableArray<ParametersEntry> Parts)
{
    public ParametersEntry(string name, string text) : this(name, text, []) { }

    public ParametersEntry(string name, ImmutableArray<ParametersEntry> parts) : this(name, "", parts) { }
}

/// <summary>Writes a Parameters resource (R4 parameters.html), as which answers that are no resource of their own reach any FHIR client.</summary>
public static class ParametersWriter
{
    public static ReadOnlyMemory<byte> Write(ImmutableArray<ParametersEntry> parameters)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, OutcomeWriter.Relaxed);
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "Parameters"u8);
        // An array of FHIR is never empty.
        if (!parameters.IsEmpty) Write(json, "parameter", parameters);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter json, string name, ImmutableArray<ParametersEntry> entries)
    {
        json.WriteStartArray(name);
        foreach (var entry in entries)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, entry.Name);
            if (entry.Parts.IsEmpty) json.WriteString("valueString"u8, entry.Text);
            else Write(json, "part", entry.Parts);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
