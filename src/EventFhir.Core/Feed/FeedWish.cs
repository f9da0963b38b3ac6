namespace EventFhir.Core.Feed;

/// <summary>What a request for a page of the feed asks for.</summary>
/// <param name="After">Null: from the beginning.</param>
/// <param name="Limit">Events on the page at most.</param>
/// <param name="Wait">How long the answer may wait for an event, if there is none yet.</param>
/// <param name="WithPrevious">Whether each event carries the version before, too.</param>
public sealed record FeedWish(FeedFilter Filter, FeedCursor? After, int Limit, TimeSpan Wait, FeedBody Body, bool WithPrevious);
