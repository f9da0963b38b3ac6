using System.Collections.Immutable;
using System.Diagnostics;

using EventFhir.Core;
using EventFhir.Core.Conditions;
using EventFhir.Core.Events;
using EventFhir.Core.Search;
using EventFhir.Model;
using EventFhir.Postgres.Parameters;
using EventFhir.Postgres.Search;

namespace EventFhir.Postgres.Conditions;

/// <summary>
/// Writes that depend on what is found. Requests with the same criteria take turns on this node; the criteria are asked before the group is
/// planned, and again, under locks that all nodes know, in the transaction that writes it (docs/storage.md, "Conditional writes"). So of any
/// number of parallel requests with the same criteria one creates, and whatever was committed before the group is written is seen.
/// </summary>
public sealed class ConditionalStore(EventDatabase database, ResourceStore store, ParameterRegistry registry)
{
    private static readonly TimeSpan RetryDelayMax = TimeSpan.FromMilliseconds(100);
    private readonly CriteriaSearch search = new(database, registry.Active.Current.Release);
    private readonly Turns turns = new();

    /// <summary>What criteria find at present, in their order, up to so many of each; for references by criteria, which no write has to
    /// guard.</summary>
    public async Task<Outcome<CriteriaMatches>> FindAsync(
        ImmutableArray<CriteriaText> criteria, string baseUrl, DateTimeOffset now, int matchesMax, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var parsed = await ParseAsync(criteria, baseUrl, now, cancellationToken);
            if (parsed.IsRefused(out var refusal)) return refusal;
            var found = await search.FindAsync(parsed.Value.OfEach, matchesMax, cancellationToken);
            if (found.Refusal != SearchReader.Stale || Stopwatch.GetElapsedTime(started) > Limits.ConditionTimeMax) return found;
            await registry.ReloadAsync(cancellationToken);
        }
    }

    public async Task<Outcome<ConditionalOutcome>> WriteAsync(ConditionalWrite write, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            var parsed = await ParseAsync(write.Criteria, write.BaseUrl, write.Now, cancellationToken);
            if (parsed.IsRefused(out var refusal)) return refusal;
            var written = await TryAsync(write, parsed.Value.OfEach, cancellationToken);
            var again = written.Refusal ?? RefusalOf(written.Value);
            if ((again != SearchReader.Stale && again != WriteRefusals.Superseded) || Stopwatch.GetElapsedTime(started) > Limits.ConditionTimeMax)
                return written;
            if (again == SearchReader.Stale) await registry.ReloadAsync(cancellationToken);
            else await Task.Delay(Random.Shared.Next((int)Math.Min(2 << Math.Min(attempt, 10), RetryDelayMax.TotalMilliseconds)), cancellationToken);
        }
    }

    private async Task<Outcome<ConditionalOutcome>> TryAsync(
        ConditionalWrite write, ImmutableArray<Criteria> criteria, CancellationToken cancellationToken)
    {
        using var turn = await turns.TakeAsync(criteria.Select(one => one.Hash), cancellationToken);
        var found = await search.FindAsync(criteria, write.MatchesMax, cancellationToken);
        if (found.IsRefused(out var refusal)) return refusal;
        var planned = write.Plan(found.Value);
        if (planned.IsRefused(out refusal)) return refusal;
        var guarded = planned.Value with
        {
            Guards = [.. criteria.Select((one, place) => new CriteriaGuard(one, [.. found.Value.OfEach[place].Select(match => match.Key)]))],
        };
        return new ConditionalOutcome(found.Value, guarded, await store.WriteAsync(guarded, cancellationToken));
    }

    private async Task<Outcome<ParsedCriteria>> ParseAsync(
        ImmutableArray<CriteriaText> texts, string baseUrl, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var context = new SearchContext(registry.Active.Current, baseUrl, now, UnknownParameters.Refuse);
        var criteria = ImmutableArray.CreateBuilder<Criteria>(texts.Length);
        foreach (var text in texts)
        {
            var parsed = Criteria.Parse(context, text);
            if (parsed.IsRefused(out var refusal)) return refusal;
            var answered = await search.AnswerAsync(parsed.Value, cancellationToken);
            if (answered.IsRefused(out refusal)) return refusal;
            criteria.Add(answered.Value);
        }
        return new ParsedCriteria(criteria.MoveToImmutable());
    }

    /// <summary>What refused the group as a whole.</summary>
    private static Refusal? RefusalOf(ConditionalOutcome written)
    {
        foreach (var outcome in written.Outcomes)
            if (outcome is WriteOutcome.Refused refused && refused.Refusal == WriteRefusals.Superseded) return refused.Refusal;
        return null;
    }

    private sealed record ParsedCriteria(ImmutableArray<Criteria> OfEach);
}
