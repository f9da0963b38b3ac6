using EventFhir.Core;
using EventFhir.Core.Bundles;
using EventFhir.Core.Events;
using EventFhir.Postgres.Reading;

namespace EventFhir.Server.Rest.Bundles;

/// <summary>
/// Applies the patches of a transaction to the newest versions: each becomes an update made from one version, and only for it. What is newer when
/// the transaction is written leads to another attempt.
/// </summary>
public sealed class TransactionPatches(PatchIntake patches, ResourceReader reader)
{
    /// <param name="preconditionOf">What an entry demands of the current version.</param>
    public async Task<Outcome<List<(BundleEntry Entry, EntryAction Action)>>> ApplyAsync(
        List<(BundleEntry Entry, EntryAction Action)> actions, Func<BundleEntry, Outcome<Precondition>> preconditionOf,
        CancellationToken cancellationToken)
    {
        if (!actions.Exists(static planned => planned.Action is EntryAction.Patch)) return actions;
        var applied = new List<(BundleEntry Entry, EntryAction Action)>(actions.Count);
        foreach (var (entry, action) in actions)
        {
            if (action is not EntryAction.Patch { Key: var key })
            {
                applied.Add((entry, action));
                continue;
            }
            var demanded = preconditionOf(entry);
            if (demanded.IsRefused(out var refusal)) return refusal;
            var current = await reader.ReadAsync(key, cancellationToken);
            var patched = Apply(entry, key, demanded.Value, current);
            if (patched.IsRefused(out refusal)) return refusal;
            applied.Add((patched.Value, new EntryAction.Patched(key, current!.Version)));
        }
        return applied;
    }

    private Outcome<BundleEntry> Apply(BundleEntry entry, ResourceKey key, Precondition precondition, StoredVersion? current)
    {
        if (current is null) return At(Refusal.Of(RefusalKind.NotFound, "not-found", $"{key} does not exist."), $"{entry.Path}.request.url");
        if (current.IsDeleted) return At(Refusal.Of(RefusalKind.Deleted, "deleted", $"{key} was deleted."), $"{entry.Path}.request.url");
        var head = new ResourceHead(current.Version, IsDeleted: false, current.LastUpdated, Digest: default);
        var isMet = precondition switch
        {
            Precondition.AnyOf anyOf => anyOf.Versions.Contains(current.Version),
            Precondition.Absent => false,
            _ => true,
        };
        if (!isMet) return At(WriteRefusals.PreconditionFailed(key, precondition, head), $"{entry.Path}.request");
        var read = EntryResource.BinaryOf(entry.Resource.Span) is var (contentType, data)
            ? patches.Read(contentType, data)
            : patches.OfParameters(entry.Resource.ToArray());
        if (read.IsRefused(out var refusal)) return At(refusal, $"{entry.Path}.resource");
        var patched = read.Value.Apply(current.Body);
        return patched.Fault is { } fault
            ? At(PatchIntake.RefusalOf(fault), $"{entry.Path}.resource")
            : entry with { Resource = patched.Json };
    }

    private static Refusal At(Refusal refusal, string expression) =>
        refusal with { Issues = [.. refusal.Issues.Select(issue => issue with { Expression = expression, Line = 0, Column = 0 })] };
}
