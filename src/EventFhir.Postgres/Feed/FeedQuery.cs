using EventFhir.Core.Feed;

namespace EventFhir.Postgres.Feed;

/// <param name="After">A position; events after it are wanted.</param>
/// <param name="Limit">Events on the page at most; a transaction that is larger comes whole all the same.</param>
/// <param name="Body">Whether bodies are read.</param>
/// <param name="WithPrevious">Whether the versions before are read.</param>
public sealed record FeedQuery(FeedFilter Filter, long After, int Limit, FeedBody Body, bool WithPrevious);

/// <param name="Next">The position to go on after: that of the last event, or further where the filter wants nothing of what follows.</param>
/// <param name="IsFull">There is more after it that has been committed already; the same page is the same for ever.</param>
public sealed record FeedPage(IReadOnlyList<FeedEvent> Events, long Next, bool IsFull);

/// <param name="Head">The last position there is.</param>
/// <param name="Earliest">The position before the first event that is kept.</param>
/// <param name="Common">Up to here the cursors of the epoch that was asked for and those of the head mean the same.</param>
/// <param name="IsKnown">False if the epoch that was asked for has never been opened here.</param>
public sealed record FeedState(FeedCursor Head, long Earliest, long Common, bool IsKnown);
