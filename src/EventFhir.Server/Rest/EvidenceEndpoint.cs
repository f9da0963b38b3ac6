using EventFhir.Core;
using EventFhir.Core.Proof;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Reading;
using EventFhir.Server.Proof;

namespace EventFhir.Server.Rest;

/// <summary>GET [type]/[id]/$evidence-pack: a zip that proves all versions of a resource (docs/proof.md).</summary>
public sealed class EvidenceEndpoint(Release release, ResourceReader reader, EvidenceMaker evidence)
{
    public async ValueTask<Answer> ReadAsync(FhirRequest request)
    {
        var (key, refusal) = request.ReadKey(release);
        if (refusal is not null) return Answer.Of(refusal);
        if (await reader.ReadAsync(key, request.Aborted) is null)
            return Answer.Of(Refusal.Of(RefusalKind.NotFound, "not-found", "There is no such resource."));
        refusal = await evidence.CheckSizeAsync(key, request.Aborted);
        if (refusal is not null) return Answer.Of(refusal);
        if (await evidence.MakeAsync(key, request.Aborted) is { } pack) return new Answer(200, [pack]) { ContentType = EvidencePack.MediaType };
        return Answer.Of(Refusal.Of(
            RefusalKind.Unavailable,
            "transient",
            "The newest version of the resource is not in a signed checkpoint yet; ask again in some seconds."));
    }
}
