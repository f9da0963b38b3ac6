using System.Collections.Immutable;

using EventFhir.Core.Events;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Feed;

/// <summary>What an event did, as readers of the feed are told it.</summary>
public enum FeedEventKind { Created, Updated, Deleted, Erased }

/// <summary>How much of a version an event carries.</summary>
public enum FeedBody
{
    /// <summary>The whole resource, as it was stored.</summary>
    Full,

    /// <summary>Nothing: who needs it reads it.</summary>
    None,

    /// <summary>The FHIRPath of what differs from the version before.</summary>
    ChangedPaths,
}

/// <summary>One of n parts of the feed. A resource is always in the same part, so its events stay in order.</summary>
/// <param name="Number">From 1.</param>
public readonly record struct FeedShard(int Number, int Count);

/// <summary>Which events a reader wants; each part that is null or empty wants all.</summary>
public sealed record FeedFilter
{
    public static readonly FeedFilter All = new();

    public ImmutableArray<TypeDefinition> Types { get; init; } = [];
    public ImmutableArray<FeedEventKind> Kinds { get; init; } = [];
    public ImmutableArray<ResourceKey> Resources { get; init; } = [];
    public FeedShard? Shard { get; init; }

    /// <summary>What the version, or the one before it, has to meet: for who follows a part of the record, what leaves it is news too.</summary>
    public VersionCriteria? Criteria { get; init; }

    public bool IsAll => Types.IsEmpty && Kinds.IsEmpty && Resources.IsEmpty && Shard is null && Criteria is null;
}

/// <summary>Criteria on the content of a version: the compartment it is in, the tags it has.</summary>
/// <param name="AreMet">Asked with the type and the text of a version.</param>
public sealed record VersionCriteria(Func<TypeDefinition, ReadOnlyMemory<byte>, bool> AreMet);
