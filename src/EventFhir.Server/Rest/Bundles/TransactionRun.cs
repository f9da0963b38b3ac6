using System.Collections.Immutable;
using System.Diagnostics;

using EventFhir.Core;
using EventFhir.Core.Bundles;
using EventFhir.Core.Conditions;
using EventFhir.Core.Events;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Model.Validation;
using EventFhir.Postgres;
using EventFhir.Postgres.Conditions;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest.Bundles;

/// <summary>
/// Carries out a transaction: its writes are one group of the write path, so all of them happen or none; what it reads is read as of their commit.
/// </summary>
public sealed class TransactionRun(
    Release release, ResourceIntake intake, ResourceStore store, ConditionalStore conditional, ReferenceCriteria references,
    TransactionPatches patches, TransactionAnswers answers, TransactionReads reads, BatchRun entries, BaseUrl baseUrl, ConditionalDelete deletes,
    TimeProvider time)
{
    private static readonly TimeSpan RetryDelayMax = TimeSpan.FromMilliseconds(20);

    /// <summary>Never sent.</summary>
    private static readonly Refusal PlanAnew = Refusal.Of(RefusalKind.Conflict, "conflict", "The transaction has to be planned anew.");

    /// <summary>Never sent; the answer of the entry is.</summary>
    private static readonly Refusal ReadFails = Refusal.Of(RefusalKind.BadRequest, "processing", "An entry that reads will fail.");

    public async ValueTask<Answer> AnswerAsync(FhirRequest request, BundleRequest bundle, Prefer prefer)
    {
        var (idempotencyKey, malformed) = request.ReadIdempotencyKey();
        if (malformed is not null) return Answer.Of(malformed);
        var url = baseUrl.Of(request.Http.Request);
        var asked = time.GetUtcNow();
        var read = ReadActions(bundle, url);
        if (read.IsRefused(out var refusal)) return Answer.Of(refusal);
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var attempt = await TryAsync(request, bundle, read.Value, (url, asked, idempotencyKey), prefer);
            if (attempt is not null) return attempt;
            if (Stopwatch.GetElapsedTime(started) > Limits.ConditionTimeMax) return Answer.Of(WriteRefusals.Superseded);
            await Task.Delay(Random.Shared.Next((int)RetryDelayMax.TotalMilliseconds), request.Aborted);
        }
    }

    /// <summary>Null if what the transaction was planned from has changed before it was written.</summary>
    private async ValueTask<Answer?> TryAsync(
        FhirRequest request, BundleRequest bundle, List<(BundleEntry Entry, EntryAction Action)> read,
        (string Url, DateTimeOffset Asked, string? IdempotencyKey) given, Prefer prefer)
    {
        var found = await patches.FindAsync(read, given.Url, given.Asked, request.Aborted);
        if (found.IsRefused(out var refusal)) return Answer.Of(refusal);
        var applied = await patches.ApplyAsync(found.Value, PreconditionOf, request.Aborted);
        if (applied.IsRefused(out refusal)) return refusal == WriteRefusals.Superseded ? null : Answer.Of(refusal);
        var actions = applied.Value;
        var meanings = await references.FindAsync(actions, given.Url, given.Asked, request.Aborted);
        if (meanings.IsRefused(out refusal)) return Answer.Of(refusal);

        var foreseen = await reads.ForeseeAsync(request, actions, given.Url, prefer);
        Answer? failure = null;
        var provenance = request.ReadProvenance();
        TransactionPlan? plan = null;
        var criteria = CriteriaOf(actions);
        Outcome<WriteGroup> Plan(CriteriaMatches? matches)
        {
            // A second plan would need the newest versions too.
            if (plan is not null && actions.Exists(static planned => planned.Action is EntryAction.Patched)) return PlanAnew;
            var planned = PlanOf(actions, criteria, matches);
            if (planned.IsRefused(out var refused)) return refused;
            plan = planned.Value;
            failure = foreseen.Select(one => one.FailureAfter(planned.Value)).FirstOrDefault(static one => one is not null);
            if (failure is not null) return ReadFails;
            meanings.Value.AddTo(plan);
            var prepared = EntryContents.Prepare(intake, plan);
            return prepared.IsRefused(out refused) ? refused : new WriteGroup(prepared.Value.Commands, provenance, given.IdempotencyKey);
        }
        var written = await WriteAsync(criteria, MatchesMax(actions), given.Url, given.Asked, Plan, request.Aborted);
        if (written.IsRefused(out refusal)) return refusal == PlanAnew ? null : failure ?? Answer.Of(refusal);
        var (group, outcomes) = (written.Value.Group, written.Value.Outcomes);
        if (plan is null) throw new UnreachableException("A group was written without a plan.");
        if (TransactionAnswers.RefusalOf(plan, group, outcomes) is { } refusedBy)
            return refusedBy == WriteRefusals.Superseded ? null : Answer.Of(refusedBy);

        var all = new Answer[bundle.Entries.Length];
        // A delete by criteria that found nothing has no write.
        Array.Fill(all, Answer.Empty(204));
        await answers.AddAsync(all, request, plan, group, outcomes, prefer);
        var transaction = WriteAnswers.TransactionOf(outcomes);
        var fetched = await reads.AnswerAsync(request, plan, transaction, prefer);
        for (var place = 0; place < fetched.Length; place++) all[plan.Reads[place].Number] = fetched[place];
        return new Answer(200, BundleResponseWriter.Write("transaction-response", all)) { Transaction = transaction };
    }

    private Outcome<List<(BundleEntry Entry, EntryAction Action)>> ReadActions(BundleRequest bundle, string url)
    {
        var actions = new List<(BundleEntry Entry, EntryAction Action)>(bundle.Entries.Length);
        var issues = new List<Issue>();
        foreach (var entry in bundle.Entries)
        {
            if (issues.Count >= Limits.IssuesMax) break;
            var action = EntryAction.Of(entry, release, url);
            if (action.IsRefused(out var refusal)) issues.AddRange(refusal.Issues);
            // Afterwards nothing would be undone any more.
            else if (action.Value is EntryAction.Fetch && !entries.Reads(entry, url))
                issues.Add(new Issue(
                    IssueSeverity.Error, "not-supported", "There is nothing to read at this URL; operations that write are no part of a transaction.",
                    $"{entry.Path}.request.url"));
            else actions.Add((entry, action.Value));
        }
        return issues.Count > 0 ? new Refusal(RefusalKind.BadRequest, [.. issues]) : actions;
    }

    /// <summary>The criteria of conditional entries, in the order of the entries.</summary>
    private static List<(BundleEntry Entry, CriteriaText Text)> CriteriaOf(List<(BundleEntry Entry, EntryAction Action)> actions)
    {
        var criteria = new List<(BundleEntry, CriteriaText)>();
        foreach (var (entry, action) in actions)
            if (action is EntryAction.ByCriteria by) criteria.Add((entry, new CriteriaText(by.Type, SearchForm.Decode(by.Query))));
        return criteria;
    }

    private Outcome<TransactionPlan> PlanOf(
        List<(BundleEntry Entry, EntryAction Action)> actions, List<(BundleEntry Entry, CriteriaText Text)> criteria, CriteriaMatches? found)
    {
        var places = new Dictionary<int, int>(criteria.Count);
        for (var place = 0; place < criteria.Count; place++) places.Add(criteria[place].Entry.Number, place);
        return new TransactionPlanner(
            () => ResourceId.New(time.GetUtcNow()), PreconditionOf, entry => found!.OfEach[places[entry.Number]],
            deletes is ConditionalDelete.Multiple ? DeletesByCriteria.Many : DeletesByCriteria.One).Plan(actions);
    }

    /// <summary>Enough to tell one match from several, when those are left out that the transaction deletes.</summary>
    private int MatchesMax(List<(BundleEntry Entry, EntryAction Action)> actions)
    {
        var byKey = actions.Count(static planned => planned.Action is EntryAction.Write { Kind: WriteKind.Delete });
        var byCriteria = actions.Count(static planned => planned.Action is EntryAction.ByCriteria { Kind: WriteKind.Delete });
        return CriteriaMatches.OneOrSeveral + byKey + (byCriteria * (deletes is ConditionalDelete.Single ? 1 : Limits.ConditionalDeletesMax + 1));
    }

    private async Task<Outcome<WrittenGroup>> WriteAsync(
        List<(BundleEntry Entry, CriteriaText Text)> criteria, int matchesMax, string url, DateTimeOffset asked,
        Func<CriteriaMatches?, Outcome<WriteGroup>> plan, CancellationToken cancellationToken)
    {
        if (criteria.Count == 0)
        {
            var group = plan(null);
            if (group.IsRefused(out var refusal)) return refusal;
            return new WrittenGroup(group.Value, await store.WriteAsync(group.Value, cancellationToken));
        }
        var written = await conditional.WriteAsync(
            new ConditionalWrite([.. criteria.Select(one => one.Text)], url, asked, matchesMax, found => plan(found)), cancellationToken);
        return written.IsRefused(out var refused) ? refused : new WrittenGroup(written.Value.Group, written.Value.Outcomes);
    }

    private static Outcome<Precondition> PreconditionOf(BundleEntry entry)
    {
        if (entry is { IfMatch: null, IfNoneMatch: null, IfNoneExist: null }) return Precondition.None;
        var (precondition, refusal) = Preconditions.OfWrite(EntryHeaders.Of(entry));
        return refusal is null
            ? precondition
            : refusal with { Issues = [.. refusal.Issues.Select(issue => issue with { Expression = $"{entry.Path}.request" })] };
    }

    private sealed record WrittenGroup(WriteGroup Group, ImmutableArray<WriteOutcome> Outcomes);
}
