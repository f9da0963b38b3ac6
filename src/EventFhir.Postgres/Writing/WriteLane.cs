using System.Collections.Immutable;
using System.Diagnostics;

using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Bulk;
using EventFhir.Postgres.Conditions;
using EventFhir.Postgres.Projections;

using Microsoft.Extensions.Logging;

using Npgsql;

namespace EventFhir.Postgres.Writing;

/// <summary>Takes batches from a queue and commits them, one after the other; while one is in flight, the next collects.</summary>
internal sealed class WriteLane(
    WriteQueue queue, EventDatabase database, LiveIndexing indexing, KnownRids known, GuardCheck guards, int bulkCommandsMin, ILogger logger)
{
    /// <summary>Deadlocks can come only from other programs on the same tables; a few tries outlast them.</summary>
    private const int AttemptsMax = 10;

    private const long PartitionSize = 50_000_000;

    /// <summary>Buffers that have held more are not kept: a huge bundle would take its memory for good.</summary>
    private const long KeptBytesMax = 16 << 20;

    private AppendBatch append = new(indexing.Release);
    private BulkLoad load = new(known, guards, indexing.Release, bulkCommandsMin);
    private readonly List<PendingGroup> groups = [];

    public async Task RunAsync()
    {
        while (await queue.CollectAsync(groups))
        {
            StoreMetrics.BatchGroups.Record(groups.Count);
            foreach (var group in groups) StoreMetrics.QueueDuration.Record(Stopwatch.GetElapsedTime(group.QueuedAt).TotalSeconds);
            var bytes = groups.Sum(static group => group.Bytes);
            var refused = await WriteAsync(groups);
            if (bytes > KeptBytesMax)
                (append, load) = (new AppendBatch(indexing.Release), new BulkLoad(known, guards, indexing.Release, bulkCommandsMin));
            if (refused is not { } refusal) continue;
            // One bad group must not take the others with it. Alone, each gets its own answer.
            if (groups.Count == 1 || refusal.Kind is not RefusalKind.Internal)
            {
                foreach (var group in groups) group.Refuse(refusal);
                continue;
            }
            StoreMetrics.Retries.Add(1, new KeyValuePair<string, object?>("reason", "one by one"));
            foreach (var group in groups.ToList())
                if (await WriteAsync([group]) is { } own) group.Refuse(own);
        }
    }

    /// <summary>Null if the groups are answered; else why none of them was written.</summary>
    private async Task<Refusal?> WriteAsync(List<PendingGroup> batch)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var outcomes = await SendAsync(batch);
                database.Commits.Raise();
                for (var index = 0; index < batch.Count; index++) batch[index].Complete(outcomes[index]);
                return null;
            }
            catch (LayoutChangedException exception)
            {
                Log.WriteFailed(logger, exception.Message);
                return WriteRefusals.LayoutChanged;
            }
            catch (PostgresException exception)
            {
                if (attempt < AttemptsMax && await MendAsync(exception, attempt))
                {
                    StoreMetrics.Retries.Add(1, new KeyValuePair<string, object?>("reason", exception.SqlState));
                    continue;
                }
                // Class 57: the server is going down; 53: it has no memory, disk or connections left; 08: the connection broke.
                var unavailable = exception.SqlState[..2] is "57" or "53" or "08";
                if (unavailable) database.ForgetConnections();
                // The text of the message is left out: it may quote what was sent.
                Log.WriteFailed(logger, $"SQLSTATE {exception.SqlState} {exception.TableName} {exception.ConstraintName} {exception.Routine}");
                return unavailable ? WriteRefusals.Unavailable : WriteRefusals.Internal;
            }
            catch (NpgsqlException exception)
            {
                Log.WriteFailed(logger, exception.Message);
                database.ForgetConnections();
                return exception.InnerException is TimeoutException ? WriteRefusals.TimedOut : WriteRefusals.Unavailable;
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                // Whatever it is, the groups get an answer and the lane goes on.
                Log.LaneFault(logger, exception);
                return WriteRefusals.Internal;
            }
        }
    }

    private async Task<ImmutableArray<WriteOutcome>[]> SendAsync(List<PendingGroup> batch)
    {
        using var activity = StoreMetrics.Source.StartActivity("append");
        activity?.SetTag("eventfhir.groups", batch.Count);
        var target = indexing.Target;
        append.Fill(batch, target);
        foreach (var type in append.Types)
            if (!target.Projections.IsReady(type)) await target.Projections.EnsureAsync(type, CancellationToken.None);
        var started = Stopwatch.GetTimestamp();
        await using var connection = await database.Writer.OpenConnectionAsync();
        var outcomes = load.IsFor(batch) && await load.TryAsync(connection, append, batch[0], CancellationToken.None) is { } loaded
            ? [loaded]
            : batch.Exists(static group => !group.Group.Guards.IsEmpty || group.Group.Commands.Length > 1)
                ? await SendUndoablyAsync(connection, batch, target)
            : await append.ExecuteAsync(connection, batch, CancellationToken.None);
        StoreMetrics.BatchDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        return outcomes;
    }

    /// <summary>
    /// Groups whose guards do not hold are refused, and so are those of several commands that the append refuses, with every trace of them: rows
    /// of keys not met before included. The others go on.
    /// </summary>
    private async Task<ImmutableArray<WriteOutcome>[]> SendUndoablyAsync(NpgsqlConnection connection, List<PendingGroup> batch, IndexTarget target)
    {
        var outcomes = new ImmutableArray<WriteOutcome>[batch.Count];
        var places = Enumerable.Range(0, batch.Count).ToList();
        while (places.Count > 0)
        {
            await using var transaction = await connection.BeginTransactionAsync();
            var sent = places.ConvertAll(place => batch[place]);
            var hold = await guards.HoldAsync(connection, sent, target.Rules.Generation, CancellationToken.None);
            for (var place = 0; place < sent.Count; place++)
                if (!hold[place]) outcomes[places[place]] = sent[place].RefusedBy(WriteRefusals.Superseded);
            (places, sent) = (places.Where((_, place) => hold[place]).ToList(), sent.Where((_, place) => hold[place]).ToList());
            if (sent.Count == 0) break;
            if (sent.Count < batch.Count) append.Fill(sent, target);
            var appended = await append.ExecuteAsync(connection, sent, CancellationToken.None);
            for (var place = 0; place < sent.Count; place++) outcomes[places[place]] = appended[place];
            var accepted = places.Where(place => batch[place].Group.Commands.Length == 1 || !IsRefused(outcomes[place])).ToList();
            if (accepted.Count == places.Count)
            {
                await transaction.CommitAsync();
                break;
            }
            places = accepted;
        }
        return outcomes;
    }

    private static bool IsRefused(ImmutableArray<WriteOutcome> outcomes) => outcomes.Any(static outcome => outcome is WriteOutcome.Refused);

    /// <summary>True if the cause has passed, so that the same batch may be sent again. The failed one left nothing behind.</summary>
    private async Task<bool> MendAsync(PostgresException exception, int attempt)
    {
        switch (exception.SqlState)
        {
            case PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure:
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, 5 * attempt)));
                return true;
            case LiveIndexing.StaleSet:
                await indexing.ReloadAsync(CancellationToken.None);
                return true;
            // The log has reached the end of its last partition.
            case PostgresErrorCodes.CheckViolation when exception.ConstraintName is null && attempt == 1:
                await using (var ensure = database.Writer.CreateCommand("select es.ensure_partitions($1)"))
                {
                    ensure.Parameters.Add(new NpgsqlParameter<long> { TypedValue = PartitionSize });
                    await ensure.ExecuteNonQueryAsync();
                }
                return true;
            // A rebuild swapped the search tables just after we made one.
            case PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.FeatureNotSupported when attempt == 1:
                indexing.Target.Projections.Forget();
                return true;
            default:
                return false;
        }
    }
}
