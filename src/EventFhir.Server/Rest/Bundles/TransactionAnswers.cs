using System.Collections.Immutable;
using System.Diagnostics;

using EventFhir.Core;
using EventFhir.Core.Bundles;
using EventFhir.Core.Conditions;
using EventFhir.Core.Events;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model;
using EventFhir.Model.Validation;
using EventFhir.Postgres.Reading;
using EventFhir.Server.Daemon;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest.Bundles;

/// <summary>What the entries of a transaction are answered, once its writes have their outcomes.</summary>
public sealed class TransactionAnswers(SearchDaemon daemon, ResourceReader reader, BaseUrl baseUrl)
{
    private static readonly Refusal KeyOfAnother = Refusal.Of(
        RefusalKind.Unprocessable, "business-rule", "This Idempotency-Key belongs to an earlier request for something else; nothing was done.");

    /// <summary>Null if the group was accepted; else what the commands at fault say, each with its entry.</summary>
    public static Refusal? RefusalOf(TransactionPlan plan, WriteGroup group, ImmutableArray<WriteOutcome> outcomes)
    {
        if (!IsOf(group, outcomes)) return KeyOfAnother;
        Refusal? first = null;
        var issues = ImmutableArray.CreateBuilder<Issue>();
        for (var place = 0; place < outcomes.Length; place++)
        {
            if (outcomes[place] is not WriteOutcome.Refused { Refusal: { Kind: not RefusalKind.GroupRefused } refusal }) continue;
            // A refusal that has nothing to do with the single command is the same for all.
            if (refusal == WriteRefusals.Superseded || refusal.Kind is not (RefusalKind.PreconditionFailed or RefusalKind.Conflict)) return refusal;
            first ??= refusal;
            var expression = $"{plan.Writes[place].Entry.Path}.request";
            if (issues.Count < Limits.IssuesMax) issues.AddRange(refusal.Issues.Select(issue => issue with { Expression = expression }));
        }
        return first is null ? null : new Refusal(first.Kind, issues.ToImmutable());
    }

    /// <param name="answers">By the number of the entry.</param>
    public async ValueTask AddAsync(
        Answer[] answers, FhirRequest request, TransactionPlan plan, WriteGroup group, ImmutableArray<WriteOutcome> outcomes, Prefer prefer)
    {
        // From here on no search may use what a SearchParameter defined before, nor miss what it defines now.
        if (plan.Writes.Any(static write => write.Key.Type.Name == CustomParameterReader.TypeName)) await daemon.TakeUpAsync(request.Aborted);
        for (var place = 0; place < outcomes.Length; place++)
            answers[plan.Writes[place].Entry.Number] = plan.Writes[place].ChangesMeta
                ? await MetaChangedAsync(request, outcomes[place])
                : await WrittenAsync(request, group, place, outcomes[place], prefer);
        foreach (var (entry, match) in plan.Found) answers[entry.Number] = await FoundAsync(request, match, prefer);
    }

    /// <summary>False if the outcomes are those of an earlier group with the same Idempotency-Key, on other resources.</summary>
    private static bool IsOf(WriteGroup group, ImmutableArray<WriteOutcome> outcomes)
    {
        if (group.Commands.Length != outcomes.Length) return false;
        for (var place = 0; place < outcomes.Length; place++)
        {
            var (command, key) = (group.Commands[place], KeyOf(outcomes[place]));
            if (command.Kind is WriteKind.Create ? key.Type != command.Key.Type : key != command.Key) return false;
        }
        return true;
    }

    private static ResourceKey KeyOf(WriteOutcome outcome) => outcome switch
    {
        WriteOutcome.Appended appended => appended.Key,
        WriteOutcome.Unchanged unchanged => unchanged.Key,
        WriteOutcome.Refused refused => refused.Key,
        _ => throw new UnreachableException($"{outcome.GetType().Name} has no key."),
    };

    private async ValueTask<Answer> WrittenAsync(FhirRequest request, WriteGroup group, int place, WriteOutcome outcome, Prefer prefer)
    {
        var (version, lastUpdated, isNew) = outcome switch
        {
            WriteOutcome.Appended appended => (appended.Version, appended.LastUpdated, appended.IsNew),
            WriteOutcome.Unchanged unchanged => (unchanged.Version, unchanged.LastUpdated, false),
            _ => throw new UnreachableException("A refused group has been answered."),
        };
        var command = group.Commands[place];
        var answer = Answer.Empty(command.Kind is WriteKind.Delete ? 204 : isNew ? 201 : 200);
        if (version > 0) answer = answer with { Version = version, LastUpdated = lastUpdated };
        if (command.Content is not { } content) return answer;
        var key = KeyOf(outcome);
        answer = answer with { Location = baseUrl.OfVersion(request.Http.Request, key, version) };
        return prefer.Return switch
        {
            ReturnPreference.OperationOutcome => answer with { Issues = WriteAnswers.Done($"The resource is {WriteAnswers.Word(outcome)}.") },
            ReturnPreference.Minimal => answer,
            // A repeated request gets the first answer, and that may be of another text under another id.
            _ when group.IdempotencyKey is not null && await reader.ReadVersionAsync(key, version, request.Aborted) is { } stored =>
                answer with { Body = [stored.Body] },
            _ => answer with { Body = VersionedBody.Of(content.Body, version, lastUpdated) },
        };
    }

    /// <summary>$meta-add and $meta-delete are answered with the Meta of the version that they lead to.</summary>
    private async ValueTask<Answer> MetaChangedAsync(FhirRequest request, WriteOutcome outcome)
    {
        var version = outcome switch
        {
            WriteOutcome.Appended appended => appended.Version,
            WriteOutcome.Unchanged unchanged => unchanged.Version,
            _ => throw new UnreachableException("A refused group has been answered."),
        };
        var stored = await reader.ReadVersionAsync(KeyOf(outcome), version, request.Aborted)
            ?? throw new InvalidDataException("A version that was written is not in the log.");
        return new Answer(200, [MetaText.Returned(MetaText.Of(stored.Body.Span))]) { Version = stored.Version, LastUpdated = stored.LastUpdated };
    }

    /// <summary>The resource that made a create needless, as it was when it met the criteria.</summary>
    private async ValueTask<Answer> FoundAsync(FhirRequest request, CriteriaMatch match, Prefer prefer)
    {
        var stored = await reader.ReadVersionAsync(match.Key, match.Version, request.Aborted)
            ?? throw new InvalidDataException("A version that was found is not in the log.");
        var answer = new Answer(200, [])
        {
            Version = stored.Version, LastUpdated = stored.LastUpdated, Location = baseUrl.OfVersion(request.Http.Request, match.Key, stored.Version),
        };
        return prefer.Return switch
        {
            ReturnPreference.OperationOutcome =>
                answer with { Issues = WriteAnswers.Done("A resource that meets the criteria exists; nothing was created.") },
            ReturnPreference.Minimal => answer,
            _ => answer with { Body = [stored.Body] },
        };
    }
}
