using System.Collections.Immutable;

using EventFhir.Core;
using EventFhir.Core.Bundles;
using EventFhir.Core.Events;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Feed;

namespace EventFhir.Server.Rest.Bundles;

/// <summary>
/// What a transaction reads. R4 http.html#transaction has that come after the writes, and has no transaction of which an entry fails. So everything
/// is read twice: before the writes, to find what will fail, and as of the commit, whatever others write in the meantime.
/// </summary>
public sealed class TransactionReads(BatchRun reads, MomentReader moments, Release release)
{
    /// <summary>How the entries that read are answered before anything is written.</summary>
    public async Task<ImmutableArray<ForeseenRead>> ForeseeAsync(
        FhirRequest request, List<(BundleEntry Entry, EntryAction Action)> actions, string baseUrl, Prefer prefer)
    {
        ImmutableArray<BundleEntry> entries =
            [.. actions.Where(static planned => planned.Action is EntryAction.Fetch).Select(static planned => planned.Entry)];
        if (entries.IsEmpty) return [];
        var answers = await reads.AnswerAsync(request, entries, prefer);
        return [.. entries.Select((entry, place) => Foresee(entry, EntryUrl.Of(entry.Url, baseUrl).Segments, answers[place]))];
    }

    /// <summary>The answers of the plan's reads as of the commit, in their order.</summary>
    /// <param name="transaction">What was committed; null if nothing had to be written.</param>
    public async Task<Answer[]> AnswerAsync(FhirRequest request, TransactionPlan plan, Guid? transaction, Prefer prefer)
    {
        if (plan.Reads.IsEmpty) return [];
        var moment = await moments.OfCommitAsync(transaction, request.Aborted);
        if (moment.IsRefused(out var refusal)) return [.. plan.Reads.Select(_ => Answer.Of(refusal))];
        request.Http.Features.Set(moment.Value);
        return await reads.AnswerAsync(request, plan.Reads, prefer);
    }

    private ForeseenRead Foresee(BundleEntry entry, ImmutableArray<string> segments, Answer answer) =>
        segments is [var name, var text, .. var rest] && release.FindResourceType(name) is { } type && ResourceId.TryParse(text, out var id)
            ? new ForeseenRead(entry, new ResourceKey(type, id), NeedsCurrent: rest is [] or [['$', ..]], answer)
            : new ForeseenRead(entry, Key: null, NeedsCurrent: false, answer);
}
