using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;

namespace EventFhir.Server.Formats;

/// <summary>What the server does for each resource type and as a whole, in the codes of http://hl7.org/fhir/restful-interaction.</summary>
public sealed record Abilities(ImmutableArray<string> OnResources, ImmutableArray<string> OnSystem)
{
    /// <summary>The names of the operations on every resource type.</summary>
    public ImmutableArray<string> Operations { get; init; } = [];

    public bool HasConditionalUpdate { get; init; }

    /// <summary>A code of http://hl7.org/fhir/conditional-delete-status.</summary>
    public string ConditionalDelete { get; init; } = "not-supported";
}

/// <summary>Writes what the server says about itself (R4 capabilitystatement.html, terminologycapabilities.html).</summary>
public sealed class CapabilityStatementWriter(ActiveDefinitions active, Abilities abilities, DateTimeOffset started)
{
    private SearchDefinitions Definitions => active.Current;
    private static readonly string Version = typeof(CapabilityStatementWriter).Assembly.GetName().Version!.ToString(3);

    /// <param name="baseUrl">The base as this client sees it.</param>
    public ReadOnlyMemory<byte> WriteCapabilityStatement(string baseUrl)
    {
        var buffer = new ArrayBufferWriter<byte>(128 * 1024);
        using var json = new Utf8JsonWriter(buffer, OutcomeWriter.Relaxed);
        json.WriteStartObject();
        WriteHead(json, "CapabilityStatement", "EventFhirCapabilities", baseUrl);
        json.WriteString("fhirVersion"u8, Definitions.Release.FhirVersion);
        WriteArray(json, "format", ["application/fhir+json", "application/fhir+xml", "json", "xml"]);
        if (abilities.OnResources.Contains("patch")) WriteArray(json, "patchFormat", PatchIntake.Formats);
        json.WriteStartArray("rest"u8);
        json.WriteStartObject();
        json.WriteString("mode"u8, "server"u8);
        json.WriteString("documentation"u8, Documentation);
        json.WriteStartArray("resource"u8);
        var pointing = Pointing();
        foreach (var type in Definitions.Release.ResourceTypes) WriteResource(json, type, pointing[type]);
        json.WriteEndArray();
        WriteInteractions(json, abilities.OnSystem);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private const string Documentation =
        "Every version of every resource is kept; a write is in the history when its answer arrives. Reads, searches and histories take _asOf, an "
        + "instant or a cursor of the feed; [type]/[id]/$replay and $diff tell who made each version, why, and what it changed.";

    /// <summary>No terminology operation is served yet, so the statement claims none.</summary>
    public ReadOnlyMemory<byte> WriteTerminologyCapabilities(string baseUrl)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, OutcomeWriter.Relaxed);
        json.WriteStartObject();
        WriteHead(json, "TerminologyCapabilities", "EventFhirTerminologyCapabilities", baseUrl);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private void WriteHead(Utf8JsonWriter json, string type, string name, string baseUrl)
    {
        json.WriteString("resourceType"u8, type);
        json.WriteString("version"u8, Version);
        json.WriteString("name"u8, name);
        json.WriteString("title"u8, $"What this EventFhir server does, FHIR {Definitions.Release.FhirVersion}");
        json.WriteString("status"u8, "active"u8);
        json.WriteString("date"u8, FhirInstant.Write(started));
        json.WriteString("kind"u8, "instance"u8);
        json.WriteStartObject("software"u8);
        json.WriteString("name"u8, "EventFhir"u8);
        json.WriteString("version"u8, Version);
        json.WriteEndObject();
        json.WriteStartObject("implementation"u8);
        json.WriteString("description"u8, "EventFhir, an event-sourced FHIR server on PostgreSQL"u8);
        json.WriteString("url"u8, baseUrl);
        json.WriteEndObject();
    }

    /// <summary>The reference parameters by the types that they name. Those that may point to anything would fill half of the statement, and "*"
    /// stands for them.</summary>
    private ILookup<TypeDefinition, string> Pointing() => (
        from source in Definitions.Release.ResourceTypes
        from parameter in Definitions.Catalog.Parameters(source)
        where Definitions.Catalog.CanFollow(source, parameter) && parameter.Targets.Length < Definitions.Release.ResourceTypes.Length / 2
        from target in parameter.Targets
        select (target, $"{source.Name}:{parameter.Code}")).ToLookup(pair => pair.target, pair => pair.Item2);

    private void WriteResource(Utf8JsonWriter json, TypeDefinition type, IEnumerable<string> pointing)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, type.Name);
        json.WriteString("profile"u8, $"http://hl7.org/fhir/StructureDefinition/{type.Name}");
        WriteInteractions(json, abilities.OnResources);
        json.WriteString("versioning"u8, "versioned"u8);
        json.WriteBoolean("readHistory"u8, true);
        json.WriteBoolean("updateCreate"u8, true);
        json.WriteBoolean("conditionalCreate"u8, abilities.OnResources.Contains("create"));
        json.WriteString("conditionalRead"u8, "full-support"u8);
        json.WriteBoolean("conditionalUpdate"u8, abilities.HasConditionalUpdate);
        json.WriteString("conditionalDelete"u8, abilities.ConditionalDelete);
        if (abilities.OnResources.Contains("search-type")) WriteSearch(json, type, pointing);
        json.WriteStartArray("operation"u8);
        foreach (var operation in Definitions.Release.Operations)
            if (abilities.Operations.Contains(operation.Code)) WriteOperation(json, operation);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteOperation(Utf8JsonWriter json, OperationDefinition operation)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, operation.Code);
        json.WriteString("definition"u8, operation.Url);
        json.WriteEndObject();
    }

    /// <summary>What <see cref="SearchCatalog"/> answers, and nothing else.</summary>
    private void WriteSearch(Utf8JsonWriter json, TypeDefinition type, IEnumerable<string> pointing)
    {
        var parameters = Definitions.Catalog.Parameters(type).ToImmutableArray();
        var includes = parameters.Where(parameter => Definitions.Catalog.CanFollow(type, parameter))
            .Select(parameter => $"{type.Name}:{parameter.Code}");
        WriteArray(json, "searchInclude", ["*", .. includes]);
        WriteArray(json, "searchRevInclude", ["*", .. pointing]);
        json.WriteStartArray("searchParam"u8);
        foreach (var parameter in Definitions.Catalog.Offered(type))
            WriteParameter(json, parameter.Code, parameter.Url, parameter.Type.ToString().ToLowerInvariant());
        // R4 gives it no SearchParameter.
        WriteParameter(json, SearchCatalog.List, null, "special");
        json.WriteEndArray();
    }

    private static void WriteParameter(Utf8JsonWriter json, string name, string? url, string type)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, name);
        if (url is not null) json.WriteString("definition"u8, url);
        json.WriteString("type"u8, type);
        json.WriteEndObject();
    }

    private static void WriteInteractions(Utf8JsonWriter json, ImmutableArray<string> codes)
    {
        json.WriteStartArray("interaction"u8);
        foreach (var code in codes)
        {
            json.WriteStartObject();
            json.WriteString("code"u8, code);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteArray(Utf8JsonWriter json, string name, ReadOnlySpan<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
