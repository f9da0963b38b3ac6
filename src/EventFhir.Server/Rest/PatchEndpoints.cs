using System.Diagnostics;

using EventFhir.Core;
using EventFhir.Core.Conditions;
using EventFhir.Core.Events;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Model.Patching;
using EventFhir.Model.Xml;
using EventFhir.Postgres;
using EventFhir.Postgres.Conditions;
using EventFhir.Postgres.Reading;

namespace EventFhir.Server.Rest;

/// <summary>patch, of an id and of what criteria find (R4 http.html#patch).</summary>
public sealed class PatchEndpoints(
    Release release, PatchIntake patches, ResourceIntake intake, ResourceStore store, ConditionalStore conditionals, WriteAnswers answers,
    ResourceReader reader, BaseUrl baseUrl, TimeProvider time)
{
    private static readonly TimeSpan RetryDelayMax = TimeSpan.FromMilliseconds(20);

    /// <summary>PATCH [base]/[type]/[id].</summary>
    public async ValueTask<Answer> PatchAsync(FhirRequest request)
    {
        var (key, refusal) = request.ReadKey(release);
        return refusal is null ? await PatchAsync(request, _ => ValueTask.FromResult(Found.At(key))) : Answer.Of(refusal);
    }

    /// <summary>PATCH [base]/[type]?criteria.</summary>
    public async ValueTask<Answer> PatchByCriteriaAsync(FhirRequest request)
    {
        var type = request.ReadType(release);
        var criteria = request.ReadCriteria(type);
        return await PatchAsync(request, cancellationToken => FindAsync(request, criteria, cancellationToken));
    }

    private async ValueTask<Answer> PatchAsync(FhirRequest request, Func<CancellationToken, ValueTask<Found>> find)
    {
        var (precondition, refusal) = Preconditions.OfWrite(request.Http.Request.Headers);
        if (refusal is not null) return Answer.Of(refusal);
        (var idempotencyKey, refusal) = request.ReadIdempotencyKey();
        if (refusal is not null) return Answer.Of(refusal);
        var headers = request.Http.Request.Headers;
        if (patches.Check(headers) is { } unsupported) return Answer.Of(unsupported);
        using var body = await RequestBody.ReadAsync(request.Http.Request, release, request.Aborted);
        if (body.Refusal is { } unreadable) return Answer.Of(unreadable);
        var read = patches.Read(headers.ContentType, body.Json);
        if (read.IsRefused(out refusal)) return Answer.Of(refusal);
        // What is found wrong from here on is not in the body that was sent.
        request.Http.Features.Set<XmlPlaces>(null);
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var found = await find(request.Aborted);
            if (found.Refusal is not null) return Answer.Of(found.Refusal);
            var (command, failed) = await PlanAsync(found, precondition, read.Value, request.Aborted);
            if (failed is not null && failed != WriteRefusals.Superseded) return Answer.Of(failed);
            if (command is not null)
            {
                var group = new WriteGroup([command], request.ReadProvenance(), idempotencyKey);
                var outcome = (await store.WriteAsync(group, request.Aborted))[0];
                if (outcome is not WriteOutcome.Refused { Refusal: var refused } || refused != WriteRefusals.Superseded)
                    return await answers.AnswerAsync(request, group, outcome);
            }
            if (Stopwatch.GetElapsedTime(started) > Limits.ConditionTimeMax) return Answer.Of(WriteRefusals.Superseded);
            await Task.Delay(Random.Shared.Next((int)RetryDelayMax.TotalMilliseconds), request.Aborted);
        }
    }

    /// <summary>The update that the patch amounts to: made from one version, and only for it.</summary>
    private async ValueTask<(WriteCommand? Command, Refusal? Refusal)> PlanAsync(
        Found found, Precondition precondition, ResourcePatch patch, CancellationToken cancellationToken)
    {
        var key = found.Key;
        var current = await reader.ReadAsync(key, cancellationToken);
        if (found.Version is { } version && version != current?.Version) return (null, WriteRefusals.Superseded);
        if (current is null) return (null, Refusal.Of(RefusalKind.NotFound, "not-found", $"{key} does not exist."));
        if (current.IsDeleted) return (null, Refusal.Of(RefusalKind.Deleted, "deleted", $"{key} was deleted."));
        var meets = precondition switch
        {
            Precondition.AnyOf anyOf => anyOf.Versions.Contains(current.Version),
            Precondition.Absent => false,
            _ => true,
        };
        if (!meets)
            return (null, WriteRefusals.PreconditionFailed(
                key, precondition, new ResourceHead(current.Version, IsDeleted: false, current.LastUpdated, Digest: default)));
        var patched = patch.Apply(current.Body);
        if (patched.Fault is { } fault) return (null, PatchIntake.RefusalOf(fault));
        var (content, invalid) = intake.Prepare(patched.Json, key, BodyId.Required);
        if (invalid is not null) return (null, invalid with { Kind = RefusalKind.Unprocessable });
        return (new WriteCommand(WriteKind.Update, key, content, new Precondition.StillAt(current.Version)), null);
    }

    private async ValueTask<Found> FindAsync(FhirRequest request, CriteriaText criteria, CancellationToken cancellationToken)
    {
        var matches = await conditionals.FindAsync(
            [criteria], baseUrl.Of(request.Http.Request), time.GetUtcNow(), CriteriaMatches.OneOrSeveral, cancellationToken);
        if (matches.IsRefused(out var refusal)) return new Found(default, null, refusal);
        return matches.Value.OfEach[0] switch
        {
            [] => new Found(default, null, Refusal.Of(RefusalKind.NotFound, "not-found", "Nothing meets the criteria.")),
            [var match] => new Found(match.Key, match.Version, null),
            _ => new Found(default, null, ConditionalEndpoints.Several),
        };
    }

    /// <summary>What is to be patched.</summary>
    /// <param name="Version">The one that met the criteria; null without criteria.</param>
    private readonly record struct Found(ResourceKey Key, long? Version, Refusal? Refusal)
    {
        public static Found At(ResourceKey key) => new(key, null, null);
    }
}
