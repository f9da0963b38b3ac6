using System.Collections.Immutable;

using EventFhir.Core.Conditions;
using EventFhir.Core.Events;

namespace EventFhir.Core.Bundles;

/// <summary>One write of a transaction: which entry asks for it, and of which resource.</summary>
/// <param name="Id">What the resource may say of its id.</param>
public sealed record PlannedWrite(BundleEntry Entry, WriteKind Kind, ResourceKey Key, Precondition Precondition, EntryId Id)
{
    /// <summary>True for $meta-add and $meta-delete, which are answered with the Meta: nothing else that is posted updates what has an id.</summary>
    public bool ChangesMeta => Kind is WriteKind.Update && Entry.Method is "POST";
}

/// <summary>The id in the resource of an entry.</summary>
public enum EntryId
{
    /// <summary>A create goes by none.</summary>
    Ignored,

    /// <summary>That of the URL.</summary>
    Required,

    /// <summary>That of the resource which meets the criteria, if there is one.</summary>
    Optional,
}

/// <summary>What a transaction will do, in the order of execution, and where its links lead (R4 http.html#trules).</summary>
/// <param name="Writes">Deletes, creates, updates; each of another resource.</param>
/// <param name="Found">Creates for which a resource is there already.</param>
/// <param name="Reads">After the writes.</param>
public sealed record TransactionPlan(
    ImmutableArray<PlannedWrite> Writes, ImmutableArray<(BundleEntry Entry, CriteriaMatch Match)> Found, ImmutableArray<BundleEntry> Reads,
    BundleLinks Links);
