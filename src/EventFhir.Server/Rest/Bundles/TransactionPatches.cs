using System.Collections.Immutable;

using EventFhir.Core;
using EventFhir.Core.Bundles;
using EventFhir.Core.Conditions;
using EventFhir.Core.Events;
using EventFhir.Postgres.Conditions;
using EventFhir.Postgres.Reading;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest.Bundles;

/// <summary>
/// Applies the patches of a transaction, and its changes of Meta, to the newest versions: each becomes an update made from one version, and only for
/// it. What is newer when the transaction is written leads to another attempt.
/// </summary>
public sealed class TransactionPatches(PatchIntake patches, ResourceReader reader, ConditionalStore conditional)
{
    private static readonly Refusal Nothing = Refusal.Of(RefusalKind.NotFound, "not-found", "Nothing meets the criteria.");

    /// <summary>The patches by criteria as patches of what meets them at present, in the version that does.</summary>
    public async Task<Outcome<List<(BundleEntry Entry, EntryAction Action)>>> FindAsync(
        List<(BundleEntry Entry, EntryAction Action)> actions, string baseUrl, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ImmutableArray<CriteriaText> criteria =
        [
            .. actions.Select(static planned => planned.Action).OfType<EntryAction.PatchByCriteria>()
                .Select(static patch => new CriteriaText(patch.Type, SearchForm.Decode(patch.Query))),
        ];
        if (criteria.IsEmpty) return actions;
        var found = await conditional.FindAsync(criteria, baseUrl, now, CriteriaMatches.OneOrSeveral, cancellationToken);
        if (found.IsRefused(out var refusal)) return refusal;
        var (place, result) = (0, new List<(BundleEntry Entry, EntryAction Action)>(actions.Count));
        foreach (var (entry, action) in actions)
        {
            if (action is not EntryAction.PatchByCriteria)
            {
                result.Add((entry, action));
                continue;
            }
            if (found.Value.OfEach[place++] is not [var match, .. var others]) return At(Nothing, $"{entry.Path}.request.url");
            if (others.Length > 0) return At(ConditionalEndpoints.Several, $"{entry.Path}.request.url");
            result.Add((entry, new EntryAction.Patch(match.Key) { Version = match.Version }));
        }
        return result;
    }

    /// <param name="preconditionOf">What an entry demands of the current version.</param>
    public async Task<Outcome<List<(BundleEntry Entry, EntryAction Action)>>> ApplyAsync(
        List<(BundleEntry Entry, EntryAction Action)> actions, Func<BundleEntry, Outcome<Precondition>> preconditionOf,
        CancellationToken cancellationToken)
    {
        if (!actions.Exists(static planned => planned.Action is EntryAction.Patch)) return actions;
        var applied = new List<(BundleEntry Entry, EntryAction Action)>(actions.Count);
        foreach (var (entry, action) in actions)
        {
            if (action is not EntryAction.Patch { Key: var key } patch)
            {
                applied.Add((entry, action));
                continue;
            }
            var demanded = preconditionOf(entry);
            if (demanded.IsRefused(out var refusal)) return refusal;
            var current = await reader.ReadAsync(key, cancellationToken);
            if (patch.Version is { } version && version != current?.Version) return WriteRefusals.Superseded;
            var patched = Apply(entry, patch, demanded.Value, current);
            if (patched.IsRefused(out refusal)) return refusal;
            applied.Add((patched.Value, new EntryAction.Patched(key, current!.Version)));
        }
        return applied;
    }

    private Outcome<BundleEntry> Apply(BundleEntry entry, EntryAction.Patch patch, Precondition precondition, StoredVersion? current)
    {
        var key = patch.Key;
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
        if (patch.Meta is { } change)
        {
            if (MetaText.GivenIn(entry.Resource.Span) is not { } by) return At(MetaEndpoints.NoMeta, $"{entry.Path}.resource");
            var meta = MetaText.Of(current.Body.Span);
            MetaText.Apply(meta, change, by);
            return entry with { Resource = MetaText.With(current.Body.Span, meta) };
        }
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
