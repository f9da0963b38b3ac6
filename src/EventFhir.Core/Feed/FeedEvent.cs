using EventFhir.Core.Events;

namespace EventFhir.Core.Feed;

/// <summary>One event with its place in the feed.</summary>
/// <param name="Transaction">The same for all events that were written together.</param>
/// <param name="Actor">Who asked for it; null if unknown.</param>
/// <param name="Trace">A traceparent (W3C Trace Context); null if there was none.</param>
/// <param name="Body">UTF-8 JSON; empty for a delete, for an erased version, and where no body was asked for.</param>
/// <param name="Previous">The same of the version before, where it was asked for.</param>
public sealed record FeedEvent(
    long Position, Guid Id, Guid Transaction, ResourceKey Key, long Version, FeedEventKind Kind, DateTimeOffset RecordedAt, string? Actor,
    string? Trace, ReadOnlyMemory<byte> Body, ReadOnlyMemory<byte> Previous);
