using System.Buffers;
using System.Text.Json;

using EventFhir.Postgres.Search;

namespace EventFhir.Server.Formats;

/// <summary>Writes how a search is carried out as a Parameters resource, which any FHIR client can show (docs/operations.md).</summary>
public static class ExplanationWriter
{
    public static ReadOnlyMemory<byte> Write(SearchExplanation explanation)
    {
        var buffer = new ArrayBufferWriter<byte>(8 * 1024);
        using var json = new Utf8JsonWriter(buffer, OutcomeWriter.Relaxed);
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "Parameters"u8);
        json.WriteStartArray("parameter"u8);
        foreach (var clauses in explanation.Clauses) Write(json, "clauses", clauses);
        foreach (var statement in explanation.Statements) Write(json, statement);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter json, ExplainedStatement statement)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, "statement"u8);
        json.WriteStartArray("part"u8);
        Write(json, "use", statement.Use);
        Write(json, "sql", statement.Sql);
        for (var place = 0; place < statement.Parameters.Length; place++) Write(json, $"${place + 1}", statement.Parameters[place]);
        foreach (var line in statement.Plan) Write(json, "plan", line);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, string value)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, name);
        json.WriteString("valueString"u8, value);
        json.WriteEndObject();
    }
}
