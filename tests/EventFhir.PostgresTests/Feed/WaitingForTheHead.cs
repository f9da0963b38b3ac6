using EventFhir.Core.Feed;
using EventFhir.Postgres.Feed;

using Xunit;

namespace EventFhir.PostgresTests.Feed;

public sealed class WaitingForTheHead
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Who_waits_for_a_move_is_woken_by_an_epoch_that_begins_before_what_was_known()
    {
        var head = new FeedHead();
        head.MoveTo(new FeedCursor(1, 6));
        var waiting = head.WaitForMoveAsync(head.Cursor, Patience, default);
        var beyond = head.WaitBeyondAsync(6, Patience, default);
        head.MoveTo(new FeedCursor(1, 6));
        Assert.False(waiting.IsCompleted);
        head.MoveTo(new FeedCursor(2, 5));
        Assert.True(await waiting);
        Assert.False(beyond.IsCompleted);
        head.MoveTo(new FeedCursor(2, 7));
        Assert.True(await beyond);
    }

    [Fact]
    public async Task What_had_moved_before_the_wait_is_not_waited_for()
    {
        var head = new FeedHead();
        var known = head.Cursor;
        head.MoveTo(new FeedCursor(1, 1));
        Assert.True(await head.WaitForMoveAsync(known, Patience, default));
        Assert.True(await head.WaitBeyondAsync(0, Patience, default));
        Assert.False(await head.WaitForMoveAsync(head.Cursor, TimeSpan.FromMilliseconds(1), default));
    }
}
