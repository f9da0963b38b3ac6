using System.Collections.Immutable;

namespace EventFhir.PostgresTests.Feed;

/// <summary>A write that was acknowledged, with the clock before it was sent and after its answer came.</summary>
internal sealed record WrittenTogether(long Sent, long Answered, ImmutableArray<(string Resource, long Version)> Events);

/// <summary>An event as a reader saw it.</summary>
internal sealed record SeenEvent(long Position, string Resource, long Version);

/// <summary>
/// Holds what writers were told against what a reader saw: nothing lost, nothing twice, no hole, versions in order, real time in order, together what
/// was written together. Linear but for sorting.
/// </summary>
internal static class FeedHistory
{
    public static IReadOnlyList<string> Violations(IReadOnlyCollection<WrittenTogether> acknowledged, IReadOnlyList<SeenEvent> seen)
    {
        var violations = new List<string>();
        var places = new Dictionary<(string Resource, long Version), long>();
        var versions = new Dictionary<string, long>();
        for (var place = 0; place < seen.Count; place++)
        {
            var e = seen[place];
            if (e.Position != place + 1) violations.Add($"hole: {e.Position} is the {place + 1}th");
            if (!places.TryAdd((e.Resource, e.Version), place)) violations.Add($"twice: {e.Resource} {e.Version}");
            if (versions.GetValueOrDefault(e.Resource) + 1 != e.Version) violations.Add($"order: {e.Resource} {e.Version} after {versions.GetValueOrDefault(e.Resource)}");
            versions[e.Resource] = e.Version;
        }
        var known = new List<(WrittenTogether Write, long First, long Last)>(acknowledged.Count);
        foreach (var write in acknowledged)
        {
            var lost = write.Events.Where(e => !places.ContainsKey(e)).ToList();
            violations.AddRange(lost.Select(e => $"lost: {e.Resource} {e.Version}"));
            if (lost.Count > 0) continue;
            var (first, last) = (write.Events.Min(e => places[e]), write.Events.Max(e => places[e]));
            if (last - first + 1 != write.Events.Length) violations.Add($"torn: {write.Events[0].Resource} {write.Events[0].Version}, {write.Events.Length} over {last - first + 1}");
            known.Add((write, first, last));
        }
        // Whoever was answered before another was sent stands before it.
        var byAnswer = known.OrderBy(one => one.Write.Answered).ToList();
        var (answered, furthest) = (0, -1L);
        foreach (var (write, first, _) in known.OrderBy(one => one.Write.Sent))
        {
            for (; answered < byAnswer.Count && byAnswer[answered].Write.Answered < write.Sent; answered++) furthest = Math.Max(furthest, byAnswer[answered].Last);
            if (first < furthest) violations.Add($"time: {write.Events[0].Resource} {write.Events[0].Version} before what was answered earlier");
        }
        return violations;
    }
}
