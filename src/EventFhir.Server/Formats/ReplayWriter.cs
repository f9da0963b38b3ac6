using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

using EventFhir.Model.Definitions;
using EventFhir.Model.Patching;
using EventFhir.Postgres.Reading;

namespace EventFhir.Server.Formats;

/// <summary>
/// Writes how a resource became what it is as a Parameters resource: of each version who, through what, why, when, and as a resource of its own, the
/// FHIRPath Patch that leads to it from the version before.
/// </summary>
public static class ReplayWriter
{
    /// <param name="next">An absolute URL; null on the last page.</param>
    public static ReadOnlyMemory<byte> Write(ReplayPage page, string? next, Release release)
    {
        var before = page.Before;
        var buffer = new ArrayBufferWriter<byte>(4096);
        using var json = new Utf8JsonWriter(buffer, OutcomeWriter.Relaxed);
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "Parameters"u8);
        json.WriteStartArray("parameter"u8);
        foreach (var replayed in page.Versions)
        {
            Write(json, replayed, before, release);
            before = replayed.Version;
        }
        if (next is not null) WriteValue(json, "next", "valueUri", next);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>A difference as the FHIRPath Patch that it is.</summary>
    public static ReadOnlyMemory<byte> Write(ImmutableArray<DiffOperation> difference)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, OutcomeWriter.Relaxed);
        Write(json, difference);
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter json, ReplayedVersion replayed, StoredVersion? before, Release release)
    {
        var (version, provenance) = (replayed.Version, replayed.Provenance);
        json.WriteStartObject();
        json.WriteString("name"u8, "version"u8);
        json.WriteStartArray("part"u8);
        WriteValue(json, "versionId", "valueId", version.Version.ToString(CultureInfo.InvariantCulture));
        WriteValue(json, "change", "valueCode", ChangeOf(version.Kind));
        WriteValue(json, "recorded", "valueInstant", FhirInstant.Write(version.LastUpdated));
        WriteValue(json, "event", "valueUuid", $"urn:uuid:{replayed.EventId}");
        WriteValue(json, "transaction", "valueUuid", $"urn:uuid:{replayed.TransactionId}");
        WriteValue(json, "position", "valueString", replayed.Place?.ToString());
        WriteValue(json, "actor", "valueString", provenance.Actor);
        WriteValue(json, "onBehalfOf", "valueString", provenance.OnBehalfOf);
        WriteValue(json, "client", "valueString", provenance.Client);
        WriteValue(json, "reason", "valueString", provenance.Reason);
        WriteValue(json, "purpose", "valueString", provenance.Purpose);
        WriteValue(json, "request", "valueString", provenance.CorrelationId);
        WriteValue(json, "source", "valueString", provenance.SourceAddress);
        WriteValue(json, "trace", "valueString", provenance.Trace);
        if (before is { Body.IsEmpty: false } && !version.Body.IsEmpty)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, "difference"u8);
            json.WritePropertyName("resource"u8);
            Write(json, ResourceDiff.Between(before.Body, version.Body, version.Key.Type, release));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string ChangeOf(VersionKind kind) => kind switch
    {
        VersionKind.Created or VersionKind.CreatedByUpdate => "created",
        VersionKind.Updated => "updated",
        VersionKind.Deleted => "deleted",
        _ => "erased",
    };

    private static void Write(Utf8JsonWriter json, ImmutableArray<DiffOperation> difference)
    {
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "Parameters"u8);
        if (!difference.IsEmpty)
        {
            json.WriteStartArray("parameter"u8);
            foreach (var operation in difference) json.WriteRawValue(operation.Json.Span);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter json, string name, string property, string? value)
    {
        if (value is null) return;
        json.WriteStartObject();
        json.WriteString("name"u8, name);
        json.WriteString(property, value);
        json.WriteEndObject();
    }
}
