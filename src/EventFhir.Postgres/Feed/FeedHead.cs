using EventFhir.Core.Feed;

namespace EventFhir.Postgres.Feed;

/// <summary>The end of the feed as far as this process knows it, and those who wait for more.</summary>
public sealed class FeedHead
{
    private readonly Lock moving = new();
    private TaskCompletionSource moved = NewWait();

    /// <summary>e0.0 until the first pass has told.</summary>
    public FeedCursor Cursor { get; private set; }

    /// <summary>Positions of an epoch never go back; whoever tells late, tells nothing.</summary>
    public void MoveTo(FeedCursor head)
    {
        TaskCompletionSource? reached = null;
        lock (moving)
        {
            if (head.Epoch > Cursor.Epoch || (head.Epoch == Cursor.Epoch && head.Position > Cursor.Position))
                (Cursor, reached, moved) = (head, moved, NewWait());
        }
        reached?.TrySetResult();
    }

    /// <summary>True as soon as there is something after the position; false if the patience ends before.</summary>
    public Task<bool> WaitBeyondAsync(long position, TimeSpan patience, CancellationToken cancellationToken) =>
        WaitAsync(cursor => cursor.Position > position, patience, cancellationToken);

    /// <summary>
    /// True as soon as the end is not the known one any more: further on, or in a later epoch, which may have begun before it; false if the patience
    /// ends before.
    /// </summary>
    public Task<bool> WaitForMoveAsync(FeedCursor known, TimeSpan patience, CancellationToken cancellationToken) =>
        WaitAsync(cursor => cursor != known, patience, cancellationToken);

    private async Task<bool> WaitAsync(Func<FeedCursor, bool> isReached, TimeSpan patience, CancellationToken cancellationToken)
    {
        var until = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        while (true)
        {
            Task next;
            lock (moving)
            {
                if (isReached(Cursor)) return true;
                next = moved.Task;
            }
            var left = until - Environment.TickCount64;
            if (left <= 0) return false;
            try
            {
                await next.WaitAsync(TimeSpan.FromMilliseconds(left), cancellationToken);
            }
            catch (TimeoutException)
            {
                return false;
            }
        }
    }

    private static TaskCompletionSource NewWait() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
