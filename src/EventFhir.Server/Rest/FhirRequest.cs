using EventFhir.Core;
using EventFhir.Core.Conditions;
using EventFhir.Core.Events;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest;

/// <summary>A request on its way to one interaction: its format is negotiated and its parameters are known to the interaction.</summary>
public readonly record struct FhirRequest(HttpContext Http, AnswerFormat Format, Prefer Prefer)
{
    public CancellationToken Aborted => Http.RequestAborted;

    /// <summary>The resource type in the URL; the route matches no other name (<see cref="ResourceTypeConstraint"/>).</summary>
    public TypeDefinition ReadType(Release release) => release.FindResourceType((string)Http.Request.RouteValues["type"]!)!;

    /// <summary>The type and id in the URL.</summary>
    public (ResourceKey Key, Refusal? Refusal) ReadKey(Release release) =>
        ResourceId.TryParse((string)Http.Request.RouteValues["id"]!, out var id)
            ? (new ResourceKey(ReadType(release), id), null)
            : (default, Refusal.Of(RefusalKind.BadRequest, "value", "An id is 1 to 64 letters, digits, '-' and '.'."));

    /// <summary>The version id in the URL; null if it cannot be one of ours.</summary>
    public long? ReadVersion() => EntityTags.VersionOf((string)Http.Request.RouteValues["version"]!);

    /// <summary>Who asks for a change, and why (<see cref="RequestProvenance"/>).</summary>
    public Provenance ReadProvenance() => Http.Features.Get<Provenance>() ?? Provenance.None with { CorrelationId = RequestId.Of(Http) };

    /// <summary>The criteria in the URL of a conditional interaction.</summary>
    public CriteriaText ReadCriteria(TypeDefinition type) => new(
        type, SearchForm.Decode(Http.Request.QueryString.Value ?? "").RemoveAll(parameter => parameter.Name is "_format" or "_pretty"));

    /// <summary>Null if there is none.</summary>
    public (string? Key, Refusal? Refusal) ReadIdempotencyKey()
    {
        var key = Http.Request.Headers["Idempotency-Key"].ToString();
        return key.Length <= Limits.IdempotencyKeyLengthMax
            ? (key.Length > 0 ? key : null, null)
            : (null, Refusal.Of(
                RefusalKind.BadRequest, "too-long", $"An Idempotency-Key has up to {Limits.IdempotencyKeyLengthMax} characters."));
    }
}
