using System.Collections.Immutable;
using System.Diagnostics;

using EventFhir.Core.Conditions;
using EventFhir.Core.Events;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Model.Validation;

namespace EventFhir.Core.Bundles;

/// <summary>How many resources a delete by criteria may remove.</summary>
public enum DeletesByCriteria { One, Many }

/// <summary>Makes the plan of a transaction from its entries and what their criteria find.</summary>
/// <param name="newId">Gives each created resource its id.</param>
/// <param name="preconditionOf">What an entry demands of the current version.</param>
/// <param name="found">What the criteria of an entry find.</param>
public sealed class TransactionPlanner(
    Func<ResourceId> newId, Func<BundleEntry, Outcome<Precondition>> preconditionOf, Func<BundleEntry, ImmutableArray<CriteriaMatch>> found,
    DeletesByCriteria deletes)
{
    private readonly ImmutableArray<PlannedWrite>.Builder writes = ImmutableArray.CreateBuilder<PlannedWrite>();
    private readonly ImmutableArray<(BundleEntry, CriteriaMatch)>.Builder present = ImmutableArray.CreateBuilder<(BundleEntry, CriteriaMatch)>();
    private readonly ImmutableArray<BundleEntry>.Builder reads = ImmutableArray.CreateBuilder<BundleEntry>();
    private readonly BundleLinks links = new();
    private readonly HashSet<ResourceKey> targets = [];
    private readonly HashSet<ResourceKey> deleted = [];
    private readonly HashSet<(TypeDefinition, string)> creates = [];
    private readonly List<Issue> issues = [];
    private RefusalKind? refused;

    /// <summary>To be called once.</summary>
    public Outcome<TransactionPlan> Plan(IEnumerable<(BundleEntry Entry, EntryAction Action)> entries)
    {
        foreach (var (entry, action) in entries.OrderBy(planned => planned.Action.Rank))
        {
            if (issues.Count >= Limits.IssuesMax) break;
            if (action is EntryAction.Fetch) reads.Add(entry);
            else Plan(entry, action);
        }
        return refused is { } kind
            ? new Refusal(kind, [.. issues])
            : new TransactionPlan(writes.ToImmutable(), present.ToImmutable(), reads.ToImmutable(), links);
    }

    private void Plan(BundleEntry entry, EntryAction action)
    {
        // If-None-Exist is no demand on a version.
        var isConditionalCreate = action is EntryAction.ByCriteria { Kind: WriteKind.Create };
        var demanded = preconditionOf(isConditionalCreate ? entry with { IfNoneExist = null } : entry);
        if (demanded.IsRefused(out var refusal))
        {
            Refuse(refusal);
            return;
        }
        var precondition = demanded.Value;
        switch (action)
        {
            case EntryAction.Create create:
                Add(new PlannedWrite(entry, WriteKind.Create, new ResourceKey(create.Type, newId()), precondition, EntryId.Ignored));
                break;
            case EntryAction.Write write:
                Add(new PlannedWrite(entry, write.Kind, write.Key, precondition, EntryId.Required));
                break;
            case EntryAction.Patched patched:
                Add(new PlannedWrite(entry, WriteKind.Update, patched.Key, new Precondition.StillAt(patched.Version), EntryId.Required));
                break;
            case EntryAction.ByCriteria { Kind: WriteKind.Create } create when precondition is not Precondition.Always:
                Refuse(entry, RefusalKind.BadRequest, "value", "ifNoneExist stands without ifMatch and ifNoneMatch.", ".request");
                break;
            case EntryAction.ByCriteria { Kind: WriteKind.Create } create:
                PlanCreate(entry, create);
                break;
            case EntryAction.ByCriteria { Kind: WriteKind.Update } update:
                PlanUpdate(entry, update, precondition);
                break;
            case EntryAction.ByCriteria:
                PlanDelete(entry, precondition);
                break;
            default:
                throw new UnreachableException($"{action.GetType().Name} is no write.");
        }
    }

    private void PlanCreate(BundleEntry entry, EntryAction.ByCriteria create)
    {
        var matches = StillThere(entry);
        if (!creates.Add((create.Type, create.Query)))
            Refuse(
                entry, RefusalKind.BadRequest, "duplicate", "Another entry of the transaction creates by the same criteria.", ".request.ifNoneExist");
        if (matches.Length > 1) Refuse(entry, RefusalKind.PreconditionFailed, "multiple-matches", Several, ".request.ifNoneExist");
        if (matches is not [var match])
        {
            Add(new PlannedWrite(entry, WriteKind.Create, new ResourceKey(create.Type, newId()), Precondition.None, EntryId.Ignored));
            return;
        }
        present.Add((entry, match));
        Link(entry, match.Key);
    }

    private void PlanUpdate(BundleEntry entry, EntryAction.ByCriteria update, Precondition precondition)
    {
        switch (StillThere(entry))
        {
            case [var match]:
                Add(new PlannedWrite(entry, WriteKind.Update, match.Key, Since(precondition, match), EntryId.Optional));
                break;
            case [] when precondition is not (Precondition.Always or Precondition.Absent):
                Refuse(entry, RefusalKind.PreconditionFailed, "conflict",
                    "Nothing meets the criteria, but the request asks for a version.", ".request.ifMatch");
                break;
            case [] when EntryResource.IdOf(entry.Resource.Span) is not { } given:
                Add(new PlannedWrite(entry, WriteKind.Create, new ResourceKey(update.Type, newId()), Precondition.None, EntryId.Ignored));
                break;
            case [] when ResourceId.TryParse(EntryResource.IdOf(entry.Resource.Span), out var id):
                Add(new PlannedWrite(entry, WriteKind.Update, new ResourceKey(update.Type, id), new Precondition.Absent(), EntryId.Required));
                break;
            case []:
                Refuse(entry, RefusalKind.BadRequest, "value", "The id in the resource is malformed.", ".resource.id");
                break;
            default:
                Refuse(entry, RefusalKind.PreconditionFailed, "multiple-matches", Several, ".request.url");
                break;
        }
    }

    private void PlanDelete(BundleEntry entry, Precondition precondition)
    {
        var matches = found(entry);
        if (matches.Length > 1 && deletes is DeletesByCriteria.One)
            Refuse(entry, RefusalKind.PreconditionFailed, "multiple-matches", Several, ".request.url");
        else if (matches.Length > Limits.ConditionalDeletesMax)
            Refuse(entry, RefusalKind.PreconditionFailed, "too-costly",
                $"More than {Limits.ConditionalDeletesMax} resources meet the criteria; narrow them.", ".request.url");
        else
            foreach (var match in matches)
                Add(new PlannedWrite(entry, WriteKind.Delete, match.Key, Since(precondition, match), EntryId.Ignored));
    }

    /// <summary>What the transaction deletes is gone by then.</summary>
    private ImmutableArray<CriteriaMatch> StillThere(BundleEntry entry) => found(entry).RemoveAll(match => deleted.Contains(match.Key));

    private const string Several = "Several resources meet the criteria, and it is not known which one is meant.";

    /// <summary>What the client asks for; else that the resource is still as it was when it met the criteria.</summary>
    private static Precondition Since(Precondition precondition, CriteriaMatch match) =>
        precondition is Precondition.Always ? new Precondition.StillAt(match.Version) : precondition;

    private void Add(PlannedWrite write)
    {
        // R4 http.html#trules: identities that overlap, those found by criteria included, fail the transaction.
        if (!targets.Add(write.Key))
            Refuse(write.Entry, RefusalKind.BadRequest, "duplicate", "Another entry of the transaction writes the same resource.", ".request.url");
        if (write.Kind is WriteKind.Delete) deleted.Add(write.Key);
        else Link(write.Entry, write.Key);
        writes.Add(write);
    }

    private void Link(BundleEntry entry, ResourceKey key)
    {
        if (entry.FullUrl is { } fullUrl && !links.TryAdd(fullUrl, key))
            Refuse(entry, RefusalKind.BadRequest, "duplicate", "Another entry of the transaction has the same fullUrl.", ".fullUrl");
    }

    private void Refuse(BundleEntry entry, RefusalKind kind, string code, string diagnostics, string where) =>
        Refuse(Refusal.Of(kind, code, diagnostics, entry.Path + where));

    /// <summary>The first refusal says of what kind the whole is.</summary>
    private void Refuse(Refusal refusal)
    {
        refused ??= refusal.Kind;
        issues.AddRange(refusal.Issues);
    }
}
