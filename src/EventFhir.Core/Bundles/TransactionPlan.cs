using System.Collections.Immutable;

using EventFhir.Core.Events;
using EventFhir.Model;
using EventFhir.Model.Validation;

namespace EventFhir.Core.Bundles;

/// <summary>One write of a transaction: which entry asks for it, and of which resource.</summary>
public sealed record PlannedWrite(BundleEntry Entry, WriteKind Kind, ResourceKey Key, Precondition Precondition);

/// <summary>What a transaction will do, in the order of execution, and where its links lead (R4 http.html#trules).</summary>
/// <param name="Writes">Deletes, creates, updates; each of another resource.</param>
/// <param name="Reads">After the writes.</param>
public sealed record TransactionPlan(ImmutableArray<PlannedWrite> Writes, ImmutableArray<BundleEntry> Reads, BundleLinks Links)
{
    /// <param name="newId">Gives each created resource its id.</param>
    /// <param name="preconditionOf">What the headers of an entry demand of the current version.</param>
    public static Outcome<TransactionPlan> Of(
        IReadOnlyList<(BundleEntry Entry, EntryAction Action)> entries, Func<ResourceId> newId,
        Func<BundleEntry, Outcome<Precondition>> preconditionOf)
    {
        var writes = ImmutableArray.CreateBuilder<PlannedWrite>(entries.Count);
        var reads = ImmutableArray.CreateBuilder<BundleEntry>();
        var links = new BundleLinks();
        var targets = new HashSet<ResourceKey>(entries.Count);
        var issues = new List<Issue>();
        foreach (var (entry, action) in entries.OrderBy(planned => planned.Action.Rank))
        {
            if (issues.Count >= Limits.IssuesMax) break;
            if (action is EntryAction.Fetch)
            {
                reads.Add(entry);
                continue;
            }
            if (preconditionOf(entry).IsRefused(out var refusal))
            {
                issues.AddRange(refusal.Issues);
                continue;
            }
            var write = action switch
            {
                EntryAction.Create create => new PlannedWrite(
                    entry, WriteKind.Create, new ResourceKey(create.Type, newId()), preconditionOf(entry).Value),
                EntryAction.Write other => new PlannedWrite(entry, other.Kind, other.Key, preconditionOf(entry).Value),
                _ => throw new System.Diagnostics.UnreachableException($"{action.GetType().Name} is no write."),
            };
            if (!targets.Add(write.Key))
                issues.Add(Error(entry, "duplicate", "Another entry of the transaction writes the same resource.", ".request.url"));
            if (entry.FullUrl is { } fullUrl && write.Kind is not WriteKind.Delete && !links.TryAdd(fullUrl, write.Key))
                issues.Add(Error(entry, "duplicate", "Another entry of the transaction has the same fullUrl.", ".fullUrl"));
            writes.Add(write);
        }
        return issues.Count > 0
            ? new Refusal(RefusalKind.BadRequest, [.. issues])
            : new TransactionPlan(writes.DrainToImmutable(), reads.DrainToImmutable(), links);
    }

    private static Issue Error(BundleEntry entry, string code, string diagnostics, string where) =>
        new(IssueSeverity.Error, code, diagnostics, entry.Path + where);
}
