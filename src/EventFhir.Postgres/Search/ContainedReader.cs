using System.Collections.Immutable;
using System.Globalization;

using EventFhir.Core;
using EventFhir.Core.Search;
using EventFhir.Model;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;
using EventFhir.Postgres.Reading;

namespace EventFhir.Postgres.Search;

/// <summary>
/// Searches with _contained=true or both (R4 search.html#contained). The index tells which resources contain one of the types; those are read in
/// portions, in the order of their surrogates, and judged in memory. With "both", the matches that nothing contains come first, page by page as
/// ever, and then the contained ones.
/// </summary>
/// <remarks>Where a page of contained resources begins is told by the container before a portion, and how many matches of it were on pages before;
/// so the matches of one container may be on two pages. There is no way back over them but to the first page.</remarks>
internal sealed class ContainedReader(SearchReader reader, SearchQuery query, ContainedSearch contained)
{
    /// <summary>Containers that are read at once.</summary>
    private const int PortionSize = 100;

    private readonly SearchQuery plain = query with { Result = query.Result with { Contained = null } };

    private bool IsCount => query.Result.Count == 0 || query.Result.Summary is SummaryMode.Count;

    public async Task<Outcome<SearchPage>> ReadAsync(SearchCursor? at, CancellationToken cancellationToken)
    {
        var answered = await reader.Terminology.AnswerAsync(plain, at?.Snapshot, cancellationToken);
        if (answered.IsRefused(out var unanswered)) return unanswered;
        var matcher = new ContainedMatcher(answered.Value, contained);

        var page = new SearchPage([], [], Total: null, Next: null, Previous: null) { Snapshot = at?.Snapshot ?? "" };
        if (contained.Scope is ContainedScope.Both && at is not { Keys.Length: > 0 })
        {
            var read = await reader.ReadAsync(plain, at, cancellationToken);
            if (read.IsRefused(out var refusal)) return refusal;
            page = read.Value;
        }
        var total = at?.Total;
        if (at is null or { IsStart: true } && (IsCount || query.Result.Total is TotalMode.Accurate or TotalMode.Estimate))
        {
            var counted = await CountAsync(matcher, at?.Snapshot ?? "", cancellationToken);
            if (counted.IsRefused(out var refusal)) return refusal;
            total = (page.Total ?? 0) + counted.Value.Matches;
        }
        if (IsCount || page.Next is not null) return page with { Total = total, Next = WithTotal(page.Next, total) };

        var start = at is { Keys: [var skipped] }
            ? new Place(at.Rid, int.Parse(skipped!, CultureInfo.InvariantCulture), at.Snapshot)
            : new Place(0, 0, at?.Snapshot ?? page.Snapshot);
        var found = await FindAsync(matcher, start, query.Result.Count - page.Matches.Length, cancellationToken);
        if (found.IsRefused(out var failed)) return failed;
        if (at is null or { IsStart: true } && found.Value.Next is null && query.Result.Total is not TotalMode.None)
            total = page.Matches.Length + found.Value.Matches.Count;
        return Complete(page, found.Value, total);
    }

    private SearchPage Complete(SearchPage page, Found found, long? total)
    {
        page = page with
        {
            Total = total,
            Previous = WithTotal(page.Previous, total),
            Next = found.Next is { } next
                ? new SearchCursor(PageDirection.Forward, [next.Skipped.ToString(CultureInfo.InvariantCulture)], next.Rid, total, next.Snapshot)
                : null,
        };
        if (contained.Answer is ContainedAnswer.Contained) return page with { Contained = [.. found.Matches] };
        return page with
        {
            Matches = [.. page.Matches, .. found.Matches.Select(match => match.Container)],
            Scores = page.Scores.IsEmpty ? [] : [.. page.Scores, .. found.Matches.Select(_ => (decimal?)null)],
        };
    }

    private static SearchCursor? WithTotal(SearchCursor? cursor, long? total) => cursor is null ? null : cursor with { Total = total };

    private async Task<Outcome<Counted>> CountAsync(ContainedMatcher matcher, string snapshot, CancellationToken cancellationToken)
    {
        var (matches, seen) = (0L, 0);
        for (Place? place = new Place(0, 0, snapshot); place is { } start;)
        {
            if (seen >= Limits.ContainersMax)
                return Refusal.Of(RefusalKind.BadRequest, "too-costly",
                    $"{Limits.ContainersMax} resources or more contain one of the type; what they contain is not counted.");
            var read = await PortionAsync(matcher, start, cancellationToken);
            if (read.IsRefused(out var refusal)) return refusal;
            foreach (var container in read.Value.Containers) matches += matcher.MatchesIn(Parse(container)).Count();
            seen += read.Value.Containers.Length;
            place = read.Value.Next;
        }
        return new Counted(matches);
    }

    /// <summary>Up to so many matches from a place on; fewer, with a place to go on, if they are rare.</summary>
    private async Task<Outcome<Found>> FindAsync(ContainedMatcher matcher, Place start, int max, CancellationToken cancellationToken)
    {
        var matches = new List<ContainedMatch>();
        for (var seen = 0; ;)
        {
            var read = await PortionAsync(matcher, start, cancellationToken);
            if (read.IsRefused(out var refusal)) return refusal;
            var portion = read.Value;
            var place = 0;
            foreach (var container in portion.Containers)
            {
                foreach (var match in matcher.MatchesIn(Parse(container)))
                {
                    if (place++ < start.Skipped) continue;
                    if (matches.Count == max) return new Found(matches, start with { Skipped = place - 1, Snapshot = portion.Snapshot });
                    matches.Add(new ContainedMatch(container, match.Type, match.Id, match.Json));
                }
            }
            seen += portion.Containers.Length;
            if (portion.Next is not { } next || seen >= Limits.ContainersMax) return new Found(matches, portion.Next);
            start = next;
        }
    }

    private async Task<Outcome<Portion>> PortionAsync(ContainedMatcher matcher, Place start, CancellationToken cancellationToken)
    {
        var at = start.Snapshot.Length > 0 ? new SearchCursor(PageDirection.Forward, [], start.Rid, Total: null, start.Snapshot) : null;
        var read = await reader.ReadAsync(matcher.Candidates(PortionSize), at, cancellationToken);
        if (read.IsRefused(out var refusal)) return refusal;
        var page = read.Value;
        return new Portion(page.Matches, page.Snapshot, page.Next is { } next ? new Place(next.Rid, 0, next.Snapshot) : null);
    }

    private Resource Parse(StoredVersion container) => ResourceJsonReader.Read(container.Body, query.Definitions.Release).Resource
        ?? throw new InvalidDataException($"The stored {container.Key} cannot be read.");

    /// <param name="Rid">The last container of the portion before; 0 at the beginning.</param>
    /// <param name="Skipped">Matches of this portion that were on pages before.</param>
    /// <param name="Snapshot">Empty for now.</param>
    private readonly record struct Place(long Rid, int Skipped, string Snapshot);

    private sealed record Portion(ImmutableArray<StoredVersion> Containers, string Snapshot, Place? Next);

    private sealed record Counted(long Matches);

    private sealed record Found(List<ContainedMatch> Matches, Place? Next);
}
