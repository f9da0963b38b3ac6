using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

using EventFhir.Core;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Parameters;
using EventFhir.Server.Daemon;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest;

/// <summary>$reindex (docs/conformance.md): makes the search rows of stored resources anew in the background, and tells how far that is.</summary>
public sealed class ReindexEndpoints(ParameterRegistry registry, ReindexWalk reindex, SearchDaemon daemon, BaseUrl baseUrl)
{
    private readonly Release release = registry.Active.Current.Release;

    public ValueTask<Answer> OfSystemAsync(FhirRequest request) => StartAsync(request, release.ResourceTypes);

    public ValueTask<Answer> OfTypeAsync(FhirRequest request) => StartAsync(request, [request.ReadType(release)]);

    /// <summary>Of a SearchParameter: the types that it is for.</summary>
    public ValueTask<Answer> OfInstanceAsync(FhirRequest request)
    {
        var (key, refusal) = request.ReadKey(release);
        if (refusal is not null) return ValueTask.FromResult(Answer.Of(refusal));
        foreach (var custom in registry.Active.Current.Customs)
            if (key.Type.Name == CustomParameterReader.TypeName && custom.Owner == key.Id.Value)
                return StartAsync(request, [.. release.ResourceTypes.Where(custom.Definition.AppliesTo)]);
        return ValueTask.FromResult(Answer.Of(Refusal.Of(
            RefusalKind.NotFound, "not-found", $"{key} defines no search parameter of this server.")));
    }

    public async ValueTask<Answer> ReadAsync(FhirRequest request)
    {
        await registry.ReloadAsync(request.Aborted);
        return new Answer(200, [Write(await reindex.ReadAsync(request.Aborted))]);
    }

    private async ValueTask<Answer> StartAsync(FhirRequest request, ImmutableArray<TypeDefinition> types)
    {
        var job = await reindex.StartAsync(types, request.Aborted);
        daemon.Poke();
        return new Answer(202, [Write([job])]) { Location = baseUrl.Of(request.Http.Request) + "/$reindex" };
    }

    /// <summary>A Parameters resource: each job, and each custom parameter with its state.</summary>
    private ReadOnlyMemory<byte> Write(ImmutableArray<ReindexJob> jobs)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, OutcomeWriter.Relaxed);
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "Parameters"u8);
        json.WriteStartArray("parameter"u8);
        foreach (var job in jobs)
        {
            Start(json, "job");
            WriteText(json, "id", job.Id.ToString(CultureInfo.InvariantCulture));
            WriteText(json, "status", job.Finished is null ? "in-progress" : "completed");
            WriteProgress(json, job.Done, job.Total);
            WriteText(json, "started", FhirInstant.Write(job.Started));
            if (job.Finished is { } finished) WriteText(json, "finished", FhirInstant.Write(finished));
            if (job.Types.Length < release.ResourceTypes.Length)
                foreach (var type in job.Types) WriteText(json, "type", type);
            End(json);
        }
        foreach (var custom in registry.Active.Current.Customs)
        {
            Start(json, "searchParameter");
            WriteText(json, "id", custom.Owner);
            WriteText(json, "code", custom.Definition.Code);
            WriteText(json, "status", custom.State.ToString().ToLowerInvariant());
            WriteProgress(json, custom.Progress.Done, custom.Progress.Total);
            End(json);
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteProgress(Utf8JsonWriter json, long done, long total)
    {
        WriteText(json, "done", done.ToString(CultureInfo.InvariantCulture));
        WriteText(json, "total", total.ToString(CultureInfo.InvariantCulture));
    }

    private static void Start(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, name);
        json.WriteStartArray("part"u8);
    }

    private static void End(Utf8JsonWriter json)
    {
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
