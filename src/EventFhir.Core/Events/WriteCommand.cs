using System.Collections.Immutable;

using EventFhir.Core.Conditions;
using EventFhir.Core.Search.Indexing;

namespace EventFhir.Core.Events;

public enum WriteKind : short { Create, Update, Delete }

/// <summary>What must hold of the current version for a write to be accepted; checked under the lock of the stream.</summary>
public abstract record Precondition
{
    private Precondition() { }

    public static readonly Precondition None = new Always();

    /// <summary>No condition.</summary>
    public sealed record Always : Precondition;

    /// <summary>If-Match: the current version is one of these and not deleted (R4 http.html#concurrency).</summary>
    public sealed record AnyOf(ImmutableArray<long> Versions) : Precondition;

    /// <summary>If-Match: *: the resource exists and is not deleted.</summary>
    public sealed record Present : Precondition;

    /// <summary>If-None-Match: *: the resource does not exist, or is deleted.</summary>
    public sealed record Absent : Precondition;

    /// <summary>The current version is still the one that the server made this write from: the client asked for nothing, so that a write that
    /// comes too late is made anew from what is there then (<see cref="WriteRefusals.Superseded"/>).</summary>
    public sealed record StillAt(long Version) : Precondition;
}

/// <summary>
/// The text to be stored, but for versionId and lastUpdated, which are known only under the lock of the stream: the stored body is
/// Head + <c>"versionId":"7","lastUpdated":"2026-11-21T08:00:00.000Z"</c> + Tail.
/// </summary>
/// <param name="Digest">The first 128 bits of SHA-256 over the content without the server's meta: equal digests are equal content.</param>
public sealed record BodyTemplate(ReadOnlyMemory<byte> Head, ReadOnlyMemory<byte> Tail, Guid Digest);

/// <summary>A validated resource, ready to be stored.</summary>
public sealed record ResourceContent(BodyTemplate Body, IndexEntries Index);

/// <summary>One intended change of one resource. Content is null for a delete.</summary>
public sealed record WriteCommand(WriteKind Kind, ResourceKey Key, ResourceContent? Content, Precondition Precondition);

/// <summary>Who asked for a change, through what, and why. Kept with each event, never in the resource.</summary>
/// <param name="CorrelationId">The id of the request.</param>
public sealed record Provenance(string? Actor, string? Client, string? Reason, string? CorrelationId)
{
    /// <summary>For whom the actor acted.</summary>
    public string? OnBehalfOf { get; init; }

    /// <summary>Purposes of use, as tokens with commas between them: "http://terminology.hl7.org/CodeSystem/v3-ActReason|TREAT".</summary>
    public string? Purpose { get; init; }

    /// <summary>The IP address that the request came from.</summary>
    public string? SourceAddress { get; init; }

    /// <summary>The trace id of the client's traceparent, 32 hexadecimal digits.</summary>
    public string? Trace { get; init; }

    public static readonly Provenance None = new(null, null, null, null);
}

/// <summary>Commands that are accepted or refused together. A key occurs at most once in a group.</summary>
/// <param name="IdempotencyKey">A second group with the same key has no effect and gets the outcome of the first.</param>
public sealed record WriteGroup(ImmutableArray<WriteCommand> Commands, Provenance Provenance, string? IdempotencyKey = null)
{
    /// <summary>What the group was planned for; asked again in the transaction that writes it. If one does not hold, every command is
    /// refused with <see cref="WriteRefusals.Superseded"/>.</summary>
    public ImmutableArray<CriteriaGuard> Guards { get; init; } = [];
}

/// <summary>What became of one command.</summary>
public abstract record WriteOutcome
{
    private WriteOutcome() { }

    /// <summary>An event was appended.</summary>
    /// <param name="IsNew">True if the resource did not exist before, or had been deleted.</param>
    public sealed record Appended(ResourceKey Key, long Version, DateTimeOffset LastUpdated, bool IsNew) : WriteOutcome
    {
        /// <summary>What the events of the group have in common, in the feed too; null where the group repeats an earlier one.</summary>
        public Guid? Transaction { get; init; }

        /// <summary>A repetition has the outcome of the first.</summary>
        public bool Equals(Appended? other) => other is not null && (Key, Version, LastUpdated, IsNew)
            == (other.Key, other.Version, other.LastUpdated, other.IsNew);

        public override int GetHashCode() => HashCode.Combine(Key, Version);
    }

    /// <summary>Nothing had to change: equal content, or a delete of what does not exist. Version is 0 if it never existed.</summary>
    public sealed record Unchanged(ResourceKey Key, long Version, DateTimeOffset LastUpdated, bool IsDeleted) : WriteOutcome;

    public sealed record Refused(ResourceKey Key, Refusal Refusal) : WriteOutcome;
}
