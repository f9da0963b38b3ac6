using System.Buffers;
using System.Globalization;
using System.Text.Json;

using EventFhir.Core.Search.Parameters;
using EventFhir.Postgres.Parameters;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest;

/// <summary>GET [base]/$reindex: how far the indexing of custom search parameters is (docs/conformance.md).</summary>
public sealed class ReindexEndpoints(ParameterRegistry registry)
{
    public async ValueTask<Answer> ReadAsync(FhirRequest request)
    {
        await registry.ReloadAsync(request.Aborted);
        return new Answer(200, [Write()]);
    }

    /// <summary>A Parameters resource with the state of each custom parameter.</summary>
    private ReadOnlyMemory<byte> Write()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, OutcomeWriter.Relaxed);
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "Parameters"u8);
        var customs = registry.Active.Current.Customs;
        if (!customs.IsEmpty) json.WriteStartArray("parameter"u8);
        foreach (var custom in customs) Write(json, custom);
        if (!customs.IsEmpty) json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter json, CustomParameter custom)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, "searchParameter"u8);
        json.WriteStartArray("part"u8);
        WriteText(json, "id", custom.Owner);
        WriteText(json, "code", custom.Definition.Code);
        WriteText(json, "status", custom.State.ToString().ToLowerInvariant());
        WriteText(json, "done", custom.Progress.Done.ToString(CultureInfo.InvariantCulture));
        WriteText(json, "total", custom.Progress.Total.ToString(CultureInfo.InvariantCulture));
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string name, string value)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, name);
        json.WriteString("valueString"u8, value);
        json.WriteEndObject();
    }
}
