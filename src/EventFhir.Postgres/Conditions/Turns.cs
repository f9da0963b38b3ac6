namespace EventFhir.Postgres.Conditions;

/// <summary>
/// Lets one request after the other pass per key, in order of arrival, and all others at once. Keys of a request are taken in ascending order, so
/// that nobody waits in a circle.
/// </summary>
internal sealed class Turns
{
    private readonly Lock gate = new();
    private readonly Dictionary<long, Queue<TaskCompletionSource>> held = [];

    /// <summary>Returns when it is this request's turn for each key; dispose it to let the next one pass.</summary>
    /// <param name="keys">In any order, repeated or not.</param>
    public async ValueTask<Turn> TakeAsync(IEnumerable<long> keys, CancellationToken cancellationToken)
    {
        long[] ordered = [.. keys.Distinct().Order()];
        for (var taken = 0; taken < ordered.Length; taken++)
        {
            try
            {
                await WaitAsync(ordered[taken], cancellationToken);
            }
            catch (OperationCanceledException)
            {
                Release(ordered.AsSpan(0, taken));
                throw;
            }
        }
        return new Turn(this, ordered);
    }

    private async ValueTask WaitAsync(long key, CancellationToken cancellationToken)
    {
        TaskCompletionSource waiting;
        lock (gate)
        {
            if (held.TryAdd(key, [])) return;
            waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            held[key].Enqueue(waiting);
        }
        await using var cancellation = cancellationToken.Register(() => waiting.TrySetCanceled(cancellationToken));
        await waiting.Task;
    }

    private void Release(ReadOnlySpan<long> keys)
    {
        lock (gate)
        {
            foreach (var key in keys) Pass(key);
        }
    }

    /// <summary>To the first who still waits.</summary>
    private void Pass(long key)
    {
        var waiting = held[key];
        while (waiting.TryDequeue(out var next))
            if (next.TrySetResult()) return;
        held.Remove(key);
    }

    internal readonly struct Turn(Turns turns, long[] keys) : IDisposable
    {
        public void Dispose() => turns.Release(keys);
    }
}
