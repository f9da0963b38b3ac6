using System.Collections.Immutable;

using EventFhir.Core;
using EventFhir.Core.Bundles;
using EventFhir.Core.Events;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Model.Validation;
using EventFhir.Postgres;
using EventFhir.Server.Daemon;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest.Bundles;

/// <summary>
/// Carries out a transaction: its writes are one group of the write path, so all of them happen or none; what it reads is read after them.
/// </summary>
public sealed class TransactionRun(
    Release release, ResourceIntake intake, ResourceStore store, SearchDaemon daemon, BatchRun reads, BaseUrl baseUrl, TimeProvider time)
{
    public async ValueTask<Answer> AnswerAsync(FhirRequest request, BundleRequest bundle, Prefer prefer)
    {
        var planned = Plan(request, bundle);
        if (planned.IsRefused(out var refusal)) return Answer.Of(refusal);
        var plan = planned.Value;
        var prepared = EntryContents.Prepare(intake, plan);
        if (prepared.IsRefused(out var invalid)) return Answer.Of(invalid);

        var (idempotencyKey, malformed) = request.ReadIdempotencyKey();
        if (malformed is not null) return Answer.Of(malformed);
        var group = new WriteGroup(prepared.Value.Commands, request.ReadProvenance(), idempotencyKey);
        var outcomes = await store.WriteAsync(group, request.Aborted);
        if (RefusalOf(plan, outcomes) is { } refused) return Answer.Of(refused);
        if (plan.Writes.Any(write => write.Key.Type.Name == CustomParameterReader.TypeName)) await daemon.TakeUpAsync(request.Aborted);

        var answers = new Answer[bundle.Entries.Length];
        for (var place = 0; place < outcomes.Length; place++)
            answers[plan.Writes[place].Entry.Number] = WriteAnswer(request, prepared.Value.Commands[place], outcomes[place], prefer);
        var read = await reads.AnswerAsync(request, plan.Reads, prefer);
        for (var place = 0; place < read.Length; place++) answers[plan.Reads[place].Number] = read[place];
        return new Answer(200, BundleResponseWriter.Write("transaction-response", answers));
    }

    private Outcome<TransactionPlan> Plan(FhirRequest request, BundleRequest bundle)
    {
        var url = baseUrl.Of(request.Http.Request);
        var actions = new List<(BundleEntry, EntryAction)>(bundle.Entries.Length);
        var issues = new List<Issue>();
        foreach (var entry in bundle.Entries)
        {
            if (issues.Count >= Limits.IssuesMax) break;
            var action = EntryAction.Of(entry, release, url);
            if (action.IsRefused(out var refusal)) issues.AddRange(refusal.Issues);
            else actions.Add((entry, action.Value));
        }
        if (issues.Count > 0) return new Refusal(RefusalKind.BadRequest, [.. issues]);
        return TransactionPlan.Of(actions, () => ResourceId.New(time.GetUtcNow()), PreconditionOf);
    }

    private static Outcome<Precondition> PreconditionOf(BundleEntry entry)
    {
        if (entry is { IfMatch: null, IfNoneMatch: null, IfNoneExist: null }) return Precondition.None;
        var (precondition, refusal) = Preconditions.OfWrite(EntryHeaders.Of(entry));
        return refusal is null ? precondition : At(refusal, $"{entry.Path}.request");
    }

    /// <summary>Null if the group was accepted; else what the commands at fault say, each with its entry.</summary>
    private static Refusal? RefusalOf(TransactionPlan plan, ImmutableArray<WriteOutcome> outcomes)
    {
        Refusal? first = null;
        var issues = ImmutableArray.CreateBuilder<Issue>();
        for (var place = 0; place < outcomes.Length; place++)
        {
            if (outcomes[place] is not WriteOutcome.Refused { Refusal: { Kind: not RefusalKind.GroupRefused } refusal }) continue;
            first ??= refusal;
            // A refusal that has nothing to do with the single command is the same for all.
            if (refusal.Kind is not (RefusalKind.PreconditionFailed or RefusalKind.Conflict)) return refusal;
            if (issues.Count < Limits.IssuesMax) issues.AddRange(At(refusal, $"{plan.Writes[place].Entry.Path}.request").Issues);
        }
        return first is null ? null : new Refusal(first.Kind, issues.ToImmutable());
    }

    private static Refusal At(Refusal refusal, string expression) =>
        refusal with { Issues = [.. refusal.Issues.Select(issue => issue with { Expression = expression })] };

    private Answer WriteAnswer(FhirRequest request, WriteCommand command, WriteOutcome outcome, Prefer prefer)
    {
        var (key, version, lastUpdated, isNew) = outcome switch
        {
            WriteOutcome.Appended appended => (appended.Key, appended.Version, appended.LastUpdated, appended.IsNew),
            WriteOutcome.Unchanged unchanged => (unchanged.Key, unchanged.Version, unchanged.LastUpdated, false),
            _ => throw new System.Diagnostics.UnreachableException("A refused group has been answered."),
        };
        var answer = Answer.Empty(command.Kind is WriteKind.Delete ? 204 : isNew ? 201 : 200);
        if (version > 0) answer = answer with { Version = version, LastUpdated = lastUpdated };
        if (command.Content is not { } content) return answer;
        answer = answer with { Location = baseUrl.OfVersion(request.Http.Request, key, version) };
        return prefer.Return switch
        {
            ReturnPreference.Representation => answer with { Body = VersionedBody.Of(content.Body, version, lastUpdated) },
            ReturnPreference.OperationOutcome => answer with
            {
                Issues = [new Issue(IssueSeverity.Information, "informational", $"The resource is {(isNew ? "created" : "stored")}.", "")],
            },
            _ => answer,
        };
    }
}
