using System.Text.Json.Nodes;

using EventFhir.Core;
using EventFhir.Core.Bundles;
using EventFhir.Core.Events;
using EventFhir.Model.Definitions;
using EventFhir.Postgres;
using EventFhir.Postgres.Reading;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest;

/// <summary>
/// $meta of a resource, a type and the system, $meta-add and $meta-delete (R4 resource-operations.html). A change is an update like any other: it
/// makes a version, since the log knows no change without one.
/// </summary>
public sealed class MetaEndpoints(
    Release release, Negotiation negotiation, ResourceIntake intake, ResourceStore store, WriteAnswers answers, ResourceReader reader,
    LabelReader labels)
{
    /// <summary>Others may change the resource between the look and the write; so often it is tried again.</summary>
    private const int AttemptsMax = 20;

    /// <summary>Of $meta-add and $meta-delete.</summary>
    public static Refusal NoMeta { get; } =
        Refusal.Of(RefusalKind.BadRequest, "required", "There must be one parameter 'meta' with a valueMeta.", "Parameters.parameter");

    private readonly TypeDefinition parameters = release.FindResourceType("Parameters")!;

    public async ValueTask<Answer> ReadAsync(FhirRequest request)
    {
        var (key, refusal) = request.ReadKey(release);
        if (refusal is not null) return Answer.Of(refusal);
        return AnswerOf(AsOfRequest.OfTransaction(request) is { } commit
            ? await reader.ReadAsOfAsync(key, commit, request.Aborted)
            : await reader.ReadAsync(key, request.Aborted));
    }

    public async ValueTask<Answer> ReadVersionAsync(FhirRequest request)
    {
        var (key, refusal) = request.ReadKey(release);
        if (refusal is not null) return Answer.Of(refusal);
        return AnswerOf(request.ReadVersion() is { } version ? await reader.ReadVersionAsync(key, version, request.Aborted) : null);
    }

    public ValueTask<Answer> ReadTypeAsync(FhirRequest request) => ReadLabelsAsync(request, request.ReadType(release));

    public ValueTask<Answer> ReadSystemAsync(FhirRequest request) => ReadLabelsAsync(request, type: null);

    private async ValueTask<Answer> ReadLabelsAsync(FhirRequest request, TypeDefinition? type)
    {
        var found = await labels.ReadAsync(type, request.Aborted);
        if (found.IsRefused(out var refusal)) return Answer.Of(refusal);
        var meta = new JsonObject();
        foreach (var set in found.Value) MetaText.Apply(meta, MetaChange.Add, JsonNode.Parse(set)!.AsObject());
        return new Answer(200, [MetaText.ReturnedLabels(meta)]);
    }

    public ValueTask<Answer> AddAsync(FhirRequest request) => ChangeAsync(request, MetaChange.Add);

    public ValueTask<Answer> DeleteAsync(FhirRequest request) => ChangeAsync(request, MetaChange.Delete);

    private async ValueTask<Answer> ChangeAsync(FhirRequest request, MetaChange change)
    {
        var headers = request.Http.Request.Headers;
        var (key, refusal) = request.ReadKey(release);
        refusal ??= negotiation.Check(headers.ContentType, headers.ContentEncoding);
        if (refusal is not null) return Answer.Of(refusal);
        (var precondition, refusal) = Preconditions.OfWrite(headers);
        if (refusal is not null) return Answer.Of(refusal);
        using var body = await RequestBody.ReadAsync(request.Http.Request, release, request.Aborted);
        if (body.Refusal is { } unread) return Answer.Of(unread);
        if (intake.Read(body.Json, parameters).IsRefused(out refusal)) return Answer.Of(refusal);
        if (MetaText.GivenIn(body.Json.Span) is not { } by) return Answer.Of(NoMeta);

        for (var attempt = 1; ; attempt++)
        {
            var stored = await reader.ReadAsync(key, request.Aborted);
            if (stored is null or { IsDeleted: true }) return AnswerOf(stored);
            var meta = MetaText.Of(stored.Body.Span);
            MetaText.Apply(meta, change, by);
            (var content, refusal) = intake.Prepare(MetaText.With(stored.Body.Span, meta), key, BodyId.Required);
            if (refusal is not null) return Answer.Of(refusal);
            var still = precondition is Precondition.Always ? new Precondition.StillAt(stored.Version) : precondition;
            var group = new WriteGroup([new WriteCommand(WriteKind.Update, key, content, still)], request.ReadProvenance());
            var outcomes = await store.WriteAsync(group, request.Aborted);
            if (outcomes[0] is WriteOutcome.Refused refused)
            {
                if (refused.Refusal == WriteRefusals.Superseded && attempt < AttemptsMax) continue;
                return Answer.Of(refused.Refusal);
            }
            await answers.TakeUpAsync(request, key.Type, outcomes);
            return AnswerOf(await reader.ReadAsync(key, request.Aborted));
        }
    }

    private static Answer AnswerOf(StoredVersion? stored)
    {
        if (stored is null) return Answer.Of(Refusal.Of(RefusalKind.NotFound, "not-found", "There is no such resource or version."));
        if (stored.IsDeleted) return Answer.Of(Refusal.Of(RefusalKind.Deleted, "deleted", "The resource is deleted; its history is still there."));
        return new Answer(200, [MetaText.Returned(MetaText.Of(stored.Body.Span))]) { Version = stored.Version, LastUpdated = stored.LastUpdated };
    }
}
