using System.Globalization;

using EventFhir.Core;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Postgres.Parameters;
using EventFhir.Postgres.Reindexing;
using EventFhir.Server.Daemon;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest;

/// <summary>$reindex: search rows are made anew in the background, and how far that is, with the custom search parameters
/// (docs/conformance.md).</summary>
public sealed class ReindexEndpoints(ParameterRegistry registry, ReindexWalk walk, SearchDaemon daemon, BaseUrl baseUrl)
{
    private readonly Release release = registry.Active.Current.Release;

    public async ValueTask<Answer> ReadAsync(FhirRequest request)
    {
        await registry.ReloadAsync(request.Aborted);
        var jobs = await walk.Jobs.ReadAsync(request.Aborted);
        return new Answer(200, [ParametersWriter.Write(
        [
            .. registry.Active.Current.Customs.Select(EntryOf),
            .. jobs.Select(EntryOf),
        ])]);
    }

    public ValueTask<Answer> StartAsync(FhirRequest request) => StartAsync(request, release.ResourceTypes);

    public ValueTask<Answer> StartOfTypeAsync(FhirRequest request) => StartAsync(request, [request.ReadType(release)]);

    /// <summary>One resource is done before the answer.</summary>
    public async ValueTask<Answer> OfInstanceAsync(FhirRequest request)
    {
        var (key, refusal) = request.ReadKey(release);
        refusal ??= await CheckBodyAsync(request);
        if (refusal is not null) return Answer.Of(refusal);
        return await walk.RenewAsync(key, request.Aborted)
            ? new Answer(200, [ParametersWriter.Write([new ParametersEntry("job", [new("type", key.Type.Name), new("status", "done")])])])
            : Answer.Of(Refusal.Of(RefusalKind.NotFound, "not-found", $"There is no {key.Type.Name} with this id."));
    }

    private async ValueTask<Answer> StartAsync(FhirRequest request, IEnumerable<TypeDefinition> types)
    {
        if (await CheckBodyAsync(request) is { } refusal) return Answer.Of(refusal);
        var started = await walk.Jobs.StartAsync(types, request.Aborted);
        if (started.IsRefused(out var busy)) return Answer.Of(busy);
        daemon.Poke();
        return new Answer(202, [ParametersWriter.Write([EntryOf(started.Value)])])
        {
            Location = baseUrl.Of(request.Http.Request) + "/$reindex",
        };
    }

    /// <summary>The operation takes no parameters: what a client asks for in vain it should know.</summary>
    private async ValueTask<Refusal?> CheckBodyAsync(FhirRequest request)
    {
        if (request.Http.Request.ContentLength is 0) return null;
        using var body = await RequestBody.ReadAsync(request.Http.Request, release, request.Aborted);
        if (body.Refusal is not null || body.Json.IsEmpty) return body.Refusal;
        var isBare = ResourceJsonReader.Read(body.Json, release).Resource is { Type.Name: "Parameters" } resource
            && resource.Root.FirstChild("parameter") is null;
        return isBare ? null : Refusal.Of(RefusalKind.BadRequest, "not-supported", "$reindex takes no parameters; its body is empty.");
    }

    private static ParametersEntry EntryOf(CustomParameter custom) => new("searchParameter",
    [
        new("id", custom.Owner),
        new("code", custom.Definition.Code),
        new("status", custom.State.ToString().ToLowerInvariant()),
        new("done", custom.Progress.Done.ToString(CultureInfo.InvariantCulture)),
        new("total", custom.Progress.Total.ToString(CultureInfo.InvariantCulture)),
    ]);

    private static ParametersEntry EntryOf(ReindexJob job) => new("job",
    [
        new("id", job.Id.ToString(CultureInfo.InvariantCulture)),
        .. job.Types.Length > 1 ? [] : job.Types.Select(type => new ParametersEntry("type", type.Name)),
        new("status", job.State switch { ReindexState.Working => "working", ReindexState.Done => "done", _ => "given-up" }),
        new("done", job.Done.ToString(CultureInfo.InvariantCulture)),
        new("total", job.Total.ToString(CultureInfo.InvariantCulture)),
    ]);
}
