using System.Collections.Concurrent;

using Npgsql;

namespace EventFhir.Postgres.Search;

/// <summary>
/// Carries searches by key to the database. One that comes alone goes at once; those that come while all lanes are under way share the next round
/// trip, for most of what a search of microseconds costs on both sides is the trip. Each statement has its own snapshot, taken after its search
/// came. One that fails takes the others of its trip with it: then each is to go by itself. Whoever does not wait any more is carried all the same.
/// </summary>
internal sealed class KeyLanes(NpgsqlDataSource source)
{
    /// <summary>So many share a trip at most; each waits until those before it in the trip are read.</summary>
    private const int TripMax = 16;

    private static readonly int LanesMax = Math.Clamp(Environment.ProcessorCount / 2, 1, 8);

    private readonly ConcurrentQueue<KeyRead> waiting = new();
    private int lanes;

    /// <summary>What was found; null if the search has to go by itself, which tells why.</summary>
    public Task<FoundRows?> ReadAsync(NpgsqlBatchCommand statement, Func<NpgsqlDataReader, Task<FoundRows>> read)
    {
        var mine = new KeyRead(statement, read);
        waiting.Enqueue(mine);
        Start();
        return mine.Task;
    }

    /// <summary>Whoever finds something waiting and a lane free makes the lane go; the last to look looks after everybody has queued.</summary>
    private void Start()
    {
        while (!waiting.IsEmpty)
        {
            if (Interlocked.Increment(ref lanes) <= LanesMax)
            {
                _ = RunAsync();
                return;
            }
            Interlocked.Decrement(ref lanes);
            if (Volatile.Read(ref lanes) >= LanesMax) return;
        }
    }

    /// <summary>Trip after trip, as long as something waits. Never fails.</summary>
    private async Task RunAsync()
    {
        var trip = new List<KeyRead>(TripMax);
        while (true)
        {
            while (trip.Count < TripMax && waiting.TryDequeue(out var next)) trip.Add(next);
            if (trip.Count == 0) break;
            var isLone = trip.Count == 1;
            var lone = trip[0];
            var found = await CarryAsync(trip);
            trip.Clear();
            if (!isLone) continue;
            if (!waiting.IsEmpty)
            {
                ThreadPool.UnsafeQueueUserWorkItem(static own => own.Read.TrySetResult(own.Found), (Read: lone, Found: found), preferLocal: true);
                continue;
            }
            // Nobody waits, so what comes next may begin here, without another thread.
            Interlocked.Decrement(ref lanes);
            Start();
            lone.TrySetResult(found);
            return;
        }
        Interlocked.Decrement(ref lanes);
        Start();
    }

    /// <summary>Completes the searches of a trip; a lone one is returned instead.</summary>
    private async Task<FoundRows?> CarryAsync(List<KeyRead> trip)
    {
        var done = 0;
        try
        {
            await using var connection = await source.OpenConnectionAsync();
            await using var batch = new NpgsqlBatch(connection);
            foreach (var read in trip) batch.BatchCommands.Add(read.Statement);
            await using var row = await batch.ExecuteReaderAsync();
            for (; done < trip.Count; done++)
            {
                if (done > 0) await row.NextResultAsync();
                var found = await trip[done].Read(row);
                if (trip.Count == 1) return found;
                var own = (Read: trip[done], Found: found);
                ThreadPool.UnsafeQueueUserWorkItem(static own => own.Read.TrySetResult(own.Found), own, preferLocal: false);
            }
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Each that goes by itself meets the same, and says what it is.
            for (; trip.Count > 1 && done < trip.Count; done++)
                ThreadPool.UnsafeQueueUserWorkItem(static read => read.TrySetResult(null), trip[done], preferLocal: false);
        }
        return null;
    }

    /// <param name="read">Reads the result of the statement.</param>
    private sealed class KeyRead(NpgsqlBatchCommand statement, Func<NpgsqlDataReader, Task<FoundRows>> read) : TaskCompletionSource<FoundRows?>
    {
        public NpgsqlBatchCommand Statement { get; } = statement;
        public Func<NpgsqlDataReader, Task<FoundRows>> Read { get; } = read;
    }
}
