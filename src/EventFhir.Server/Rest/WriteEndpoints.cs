using System.Collections.Immutable;

using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Model.Validation;
using EventFhir.Postgres;
using EventFhir.Postgres.Reading;
using EventFhir.Server.Daemon;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest;

/// <summary>create, update and delete (R4 http.html#create, #update, #delete).</summary>
public sealed class WriteEndpoints(
    Release release, Negotiation negotiation, ResourceIntake intake, ResourceStore store, SearchDaemon daemon, ResourceReader reader, BaseUrl baseUrl,
    TimeProvider time)
{
    public ValueTask<Answer> CreateAsync(FhirRequest request)
    {
        var key = new ResourceKey(request.ReadType(release), ResourceId.New(time.GetUtcNow()));
        return WriteContentAsync(request, WriteKind.Create, key, BodyId.Ignored);
    }

    public async ValueTask<Answer> UpdateAsync(FhirRequest request)
    {
        var (key, refusal) = request.ReadKey(release);
        if (refusal is not null) return Answer.Of(refusal);
        return await WriteContentAsync(request, WriteKind.Update, key, BodyId.Required);
    }

    public async ValueTask<Answer> DeleteAsync(FhirRequest request)
    {
        var (key, refusal) = request.ReadKey(release);
        if (refusal is not null) return Answer.Of(refusal);
        return await WriteAsync(request, WriteKind.Delete, key, content: null);
    }

    private async ValueTask<Answer> WriteContentAsync(FhirRequest request, WriteKind kind, ResourceKey key, BodyId bodyId)
    {
        var headers = request.Http.Request.Headers;
        if (negotiation.Check(headers.ContentType, headers.ContentEncoding) is { } unsupported) return Answer.Of(unsupported);
        var (content, refusal) = await ReadContentAsync(request, key, bodyId);
        return refusal is null ? await WriteAsync(request, kind, key, content) : Answer.Of(refusal);
    }

    private async ValueTask<(ResourceContent? Content, Refusal? Refusal)> ReadContentAsync(FhirRequest request, ResourceKey key, BodyId bodyId)
    {
        using var body = await RequestBody.ReadAsync(request.Http.Request, release, request.Aborted);
        return body.Refusal is null ? intake.Prepare(body.Json, key, bodyId) : (null, body.Refusal);
    }

    private async ValueTask<Answer> WriteAsync(FhirRequest request, WriteKind kind, ResourceKey key, ResourceContent? content)
    {
        var (precondition, refusal) = Preconditions.OfWrite(request.Http.Request.Headers);
        if (refusal is not null) return Answer.Of(refusal);
        var idempotencyKey = request.Http.Request.Headers["Idempotency-Key"].ToString();
        if (idempotencyKey.Length > Limits.IdempotencyKeyLengthMax)
            return Answer.Of(Refusal.Of(RefusalKind.BadRequest, "too-long",
                $"An Idempotency-Key has up to {Limits.IdempotencyKeyLengthMax} characters."));

        var command = new WriteCommand(kind, key, content, precondition);
        var group = new WriteGroup([command], request.ReadProvenance(), idempotencyKey.Length > 0 ? idempotencyKey : null);
        var outcomes = await store.WriteAsync(group, request.Aborted);
        // From here on no search may use what a SearchParameter defined before, nor miss what it defines now.
        if (key.Type.Name == CustomParameterReader.TypeName && outcomes[0] is WriteOutcome.Appended) await daemon.TakeUpAsync(request.Aborted);
        return await AnswerAsync(request, command, outcomes[0], group.IdempotencyKey);
    }

    private async ValueTask<Answer> AnswerAsync(FhirRequest request, WriteCommand command, WriteOutcome outcome, string? idempotencyKey)
    {
        var (key, version, lastUpdated, isNew) = outcome switch
        {
            WriteOutcome.Appended appended => (appended.Key, appended.Version, appended.LastUpdated, appended.IsNew),
            WriteOutcome.Unchanged unchanged => (unchanged.Key, unchanged.Version, unchanged.LastUpdated, false),
            _ => default,
        };
        if (outcome is WriteOutcome.Refused refused) return Answer.Of(refused.Refusal);
        if (!IsFor(command, key)) return Answer.Of(KeyOfAnother);
        if (command.Content is not { } content) return AnswerDelete(request, version, lastUpdated);

        var answer = new Answer(isNew ? 201 : 200, [])
        {
            Version = version,
            LastUpdated = lastUpdated,
            Location = isNew ? baseUrl.OfVersion(request.Http.Request, key, version) : null,
        };
        return request.Prefer.Return switch
        {
            ReturnPreference.Minimal => answer,
            ReturnPreference.OperationOutcome =>
                answer with { Issues = Done(isNew ? "created" : outcome is WriteOutcome.Unchanged ? "unchanged" : "updated") },
            // A repeated request gets the first answer, and that may be of another text under another id.
            _ when idempotencyKey is not null && await reader.ReadVersionAsync(key, version, request.Aborted) is { } stored =>
                answer with { Body = [stored.Body] },
            _ => answer with { Body = VersionedBody.Of(content.Body, version, lastUpdated) },
        };
    }

    private static readonly Refusal KeyOfAnother = Refusal.Of(
        RefusalKind.Unprocessable, "business-rule", "This Idempotency-Key belongs to an earlier request for something else; nothing was done.");

    /// <summary>False if the outcome is that of an earlier request with the same Idempotency-Key, on another resource.</summary>
    private static bool IsFor(WriteCommand command, ResourceKey key) =>
        command.Kind is WriteKind.Create ? key.Type == command.Key.Type : key == command.Key;

    private static Answer AnswerDelete(FhirRequest request, long version, DateTimeOffset lastUpdated)
    {
        var answer = Answer.Empty(204);
        if (request.Prefer.Return is ReturnPreference.OperationOutcome)
            answer = answer with { Status = 200, Issues = Done(version > 0 ? "deleted" : "not there, and was not") };
        return version > 0 ? answer with { Version = version, LastUpdated = lastUpdated } : answer;
    }

    private static ImmutableArray<Issue> Done(string what) => [new Issue(IssueSeverity.Information, "informational", $"The resource is {what}.", "")];
}
