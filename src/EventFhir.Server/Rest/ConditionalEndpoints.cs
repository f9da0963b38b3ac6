using System.Collections.Immutable;

using EventFhir.Core;
using EventFhir.Core.Conditions;
using EventFhir.Core.Events;
using EventFhir.Core.Search;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Postgres.Conditions;
using EventFhir.Postgres.Reading;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest;

/// <summary>How many resources a conditional delete may remove (R4 valueset-conditional-delete-status.html).</summary>
public enum ConditionalDelete { Single, Multiple }

/// <summary>create, update and delete of what criteria find (R4 http.html#ccreate, #cond-update, #3.1.0.7.1).</summary>
public sealed class ConditionalEndpoints(
    Release release, Negotiation negotiation, ResourceIntake intake, ConditionalStore store, WriteAnswers answers, ResourceReader reader,
    BaseUrl baseUrl, ConditionalDelete deletes, TimeProvider time)
{
    internal static readonly Refusal Several = Refusal.Of(
        RefusalKind.PreconditionFailed, "multiple-matches", "Several resources meet the criteria, and it is not known which one is meant.");

    /// <summary>POST [base]/[type] with If-None-Exist.</summary>
    public async ValueTask<Answer> CreateAsync(FhirRequest request)
    {
        var headers = request.Http.Request.Headers;
        if (headers[Preconditions.IfNoneExist] is not [{ } criteria] || headers.IfMatch.Count > 0 || headers.IfNoneMatch.Count > 0)
            return Answer.Of(Refusal.Of(
                RefusalKind.BadRequest, "value", "If-None-Exist stands once, without If-Match or If-None-Match beside it."));
        var type = request.ReadType(release);
        return await WithBodyAsync(request, type, resource => WriteAsync(
            request,
            new CriteriaText(type, SearchForm.Decode(criteria.Trim().TrimStart('?'))),
            Precondition.None,
            CriteriaMatches.OneOrSeveral,
            found => found switch
            {
                [] => Command(WriteKind.Create, new ResourceKey(type, ResourceId.New(time.GetUtcNow())), resource, Precondition.None),
                [_] => new Plan([]),
                _ => Several,
            }));
    }

    /// <summary>PUT [base]/[type]?criteria.</summary>
    public async ValueTask<Answer> UpdateAsync(FhirRequest request)
    {
        var (precondition, refusal) = Preconditions.OfWrite(request.Http.Request.Headers);
        if (refusal is not null) return Answer.Of(refusal);
        var type = request.ReadType(release);
        return await WithBodyAsync(request, type, resource => WriteAsync(
            request,
            request.ReadCriteria(type),
            precondition,
            CriteriaMatches.OneOrSeveral,
            found => PlanUpdate(type, resource, precondition, found)));
    }

    /// <summary>DELETE [base]/[type]?criteria.</summary>
    public async ValueTask<Answer> DeleteAsync(FhirRequest request)
    {
        var (precondition, refusal) = Preconditions.OfWrite(request.Http.Request.Headers);
        if (refusal is not null) return Answer.Of(refusal);
        var type = request.ReadType(release);
        var matchesMax = deletes is ConditionalDelete.Single ? CriteriaMatches.OneOrSeveral : Limits.ConditionalDeletesMax + 1;
        return await WriteAsync(request, request.ReadCriteria(type), precondition, matchesMax, found => PlanDelete(precondition, found));
    }

    private Outcome<Plan> PlanUpdate(TypeDefinition type, Resource resource, Precondition precondition, ImmutableArray<CriteriaMatch> found)
    {
        switch (found)
        {
            case [var match]:
                if (resource.Id is { } other && other != match.Key.Id.Value)
                    return Refusal.Of(
                        RefusalKind.BadRequest, "invariant", "The body has another id than the resource that meets the criteria.", $"{type.Name}.id");
                return Command(WriteKind.Update, match.Key, resource, Since(precondition, match));
            case []:
                if (precondition is not (Precondition.Always or Precondition.Absent))
                    return Refusal.Of(
                        RefusalKind.PreconditionFailed, "conflict", "Nothing meets the criteria, but the request asks for a version (If-Match).");
                if (resource.Id is not { } given)
                    return Command(WriteKind.Create, new ResourceKey(type, ResourceId.New(time.GetUtcNow())), resource, Precondition.None);
                return ResourceId.TryParse(given, out var id)
                    ? Command(WriteKind.Update, new ResourceKey(type, id), resource, new Precondition.Absent())
                    : Refusal.Of(RefusalKind.BadRequest, "value", "The id in the body is malformed.", $"{type.Name}.id");
            default:
                return Several;
        }
    }

    private Outcome<Plan> PlanDelete(Precondition precondition, ImmutableArray<CriteriaMatch> found)
    {
        if (found.Length > 1 && deletes is ConditionalDelete.Single) return Several;
        if (found.Length > Limits.ConditionalDeletesMax)
            return Refusal.Of(
                RefusalKind.PreconditionFailed, "too-costly",
                $"More than {Limits.ConditionalDeletesMax} resources meet the criteria; nothing was deleted. Narrow them.");
        return new Plan([.. found.Select(match => new WriteCommand(WriteKind.Delete, match.Key, Content: null, Since(precondition, match)))]);
    }

    private Outcome<Plan> Command(WriteKind kind, ResourceKey key, Resource resource, Precondition precondition)
    {
        var (content, refusal) = intake.Compose(resource, key.Id);
        return refusal is null ? new Plan([new WriteCommand(kind, key, content, precondition)]) : refusal;
    }

    /// <summary>What the client asks for; else that the resource is still as it was when it met the criteria.</summary>
    private static Precondition Since(Precondition precondition, CriteriaMatch match) =>
        precondition is Precondition.Always ? new Precondition.StillAt(match.Version) : precondition;

    private async ValueTask<Answer> WithBodyAsync(FhirRequest request, TypeDefinition type, Func<Resource, ValueTask<Answer>> answer)
    {
        var headers = request.Http.Request.Headers;
        if (negotiation.Check(headers.ContentType, headers.ContentEncoding) is { } unsupported) return Answer.Of(unsupported);
        using var body = await RequestBody.ReadAsync(request.Http.Request, release, request.Aborted);
        if (body.Refusal is { } unread) return Answer.Of(unread);
        var read = intake.Read(body.Json, type);
        return read.IsRefused(out var refusal) ? Answer.Of(refusal) : await answer(read.Value);
    }

    private async ValueTask<Answer> WriteAsync(
        FhirRequest request, CriteriaText criteria, Precondition precondition, int matchesMax,
        Func<ImmutableArray<CriteriaMatch>, Outcome<Plan>> plan)
    {
        var (idempotencyKey, malformed) = request.ReadIdempotencyKey();
        if (malformed is not null) return Answer.Of(malformed);
        var provenance = request.ReadProvenance();
        var write = new ConditionalWrite([criteria], baseUrl.Of(request.Http.Request), time.GetUtcNow(), matchesMax, found =>
        {
            var planned = plan(found.OfEach[0]);
            return planned.IsRefused(out var unplanned) ? unplanned : new WriteGroup(planned.Value.Commands, provenance, idempotencyKey);
        });
        var written = await store.WriteAsync(write, request.Aborted);
        if (written.IsRefused(out var refusal)) return Answer.Of(refusal);
        var (found, group, outcomes) = written.Value;
        return group.Commands switch
        {
            [] when HttpMethods.IsDelete(request.Http.Request.Method) => AnswerDeletes(request, outcomes),
            [] => await AnswerFoundAsync(request, found.OfEach[0][0]),
            [{ Kind: WriteKind.Delete, Key.Type: var type }, ..] when deletes is ConditionalDelete.Multiple =>
                AnswerDeletes(request, await answers.TakeUpAsync(request, type, outcomes)),
            // Somebody has the id of the body, and does not meet the criteria.
            [{ Precondition: Precondition.Absent, Key: var key }] when precondition is not Precondition.Absent && IsTaken(outcomes[0]) =>
                Answer.Of(WriteRefusals.AlreadyExists(key)),
            _ => await answers.AnswerAsync(request, group, outcomes[0]),
        };
    }

    private static bool IsTaken(WriteOutcome outcome) => outcome is WriteOutcome.Refused { Refusal.Kind: RefusalKind.PreconditionFailed };

    /// <summary>The one resource that makes a create needless, as it was when it met the criteria.</summary>
    private async ValueTask<Answer> AnswerFoundAsync(FhirRequest request, CriteriaMatch match)
    {
        var stored = await reader.ReadVersionAsync(match.Key, match.Version, request.Aborted)
            ?? throw new InvalidDataException("A version that was found is not in the log.");
        var answer = new Answer(200, [])
        {
            Version = stored.Version,
            LastUpdated = stored.LastUpdated,
            Location = baseUrl.OfVersion(request.Http.Request, match.Key, stored.Version),
        };
        return request.Prefer.Return switch
        {
            ReturnPreference.Minimal => answer,
            ReturnPreference.OperationOutcome =>
                answer with { Issues = WriteAnswers.Done("A resource that meets the criteria exists; nothing was created.") },
            _ => answer with { Body = [stored.Body] },
        };
    }

    /// <summary>Of a delete that found nothing, or may find several.</summary>
    private Answer AnswerDeletes(FhirRequest request, ImmutableArray<WriteOutcome> outcomes)
    {
        foreach (var outcome in outcomes)
            if (outcome is WriteOutcome.Refused { Refusal: { Kind: not RefusalKind.GroupRefused } refusal }) return Answer.Of(refusal);
        var isSilent = deletes is ConditionalDelete.Single
            ? request.Prefer.Return is not ReturnPreference.OperationOutcome
            : request.Prefer.Return is ReturnPreference.Minimal;
        if (isSilent) return Answer.Empty(204);
        return Answer.Empty(200) with { Issues = WriteAnswers.Done($"Deleted: {outcomes.Length}.") };
    }

    /// <summary>The commands that the criteria lead to.</summary>
    private sealed record Plan(ImmutableArray<WriteCommand> Commands);
}
