using System.Buffers;
using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;

using EventFhir.Model.Validation;

namespace EventFhir.Server.Formats;

/// <summary>Writes an OperationOutcome (R4 operationoutcome.html).</summary>
public static class OutcomeWriter
{
    /// <summary>The JSON is never put into a page, so only what JSON itself demands is escaped.</summary>
    internal static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="id">The id of the request, by which the answer is found in the logs; null for none.</param>
    public static ReadOnlyMemory<byte> Write(string? id, ImmutableArray<Issue> issues)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer, Relaxed);
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "OperationOutcome"u8);
        if (id is not null) json.WriteString("id"u8, id);
        json.WriteStartArray("issue"u8);
        foreach (var issue in issues) Write(json, issue);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter json, Issue issue)
    {
        json.WriteStartObject();
        json.WriteString("severity"u8, issue.Severity switch
        {
            IssueSeverity.Fatal => "fatal",
            IssueSeverity.Error => "error",
            IssueSeverity.Warning => "warning",
            _ => "information",
        });
        json.WriteString("code"u8, issue.Code);
        json.WriteString("diagnostics"u8, issue.Line > 0 ? $"{issue.Diagnostics} (line {issue.Line}, column {issue.Column})" : issue.Diagnostics);
        if (issue.Expression.Length > 0)
        {
            json.WriteStartArray("expression"u8);
            json.WriteStringValue(issue.Expression);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }
}
