using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Model.Definitions;
using EventFhir.Postgres;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest;

/// <summary>create, update and delete (R4 http.html#create, #update, #delete).</summary>
public sealed class WriteEndpoints(
    Release release, Negotiation negotiation, ResourceIntake intake, ResourceStore store, ConditionalEndpoints conditionals, WriteAnswers answers,
    TimeProvider time)
{
    public ValueTask<Answer> CreateAsync(FhirRequest request)
    {
        if (request.Http.Request.Headers.ContainsKey(Preconditions.IfNoneExist)) return conditionals.CreateAsync(request);
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
        (var idempotencyKey, refusal) = request.ReadIdempotencyKey();
        if (refusal is not null) return Answer.Of(refusal);
        var command = new WriteCommand(kind, key, content, precondition);
        var group = new WriteGroup([command], request.ReadProvenance(), idempotencyKey);
        var outcomes = await store.WriteAsync(group, request.Aborted);
        return await answers.AnswerAsync(request, group, outcomes[0]);
    }
}
