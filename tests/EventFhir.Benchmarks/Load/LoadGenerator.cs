using System.Diagnostics;
using System.Net;

namespace EventFhir.Benchmarks.Load;

/// <summary>
/// One thread that drives many connections: it polls, reads, checks and sends without allocating, about 5 µs per request,
/// so that on a small machine the server and not the loader is the limit (baseline B0 proves it in every run).
/// </summary>
public sealed class LoadGenerator : IDisposable
{
    private static readonly TimeSpan AnswerWaitMax = TimeSpan.FromSeconds(30);

    private readonly LoadConnection[] connections;
    private readonly Poll.Descriptor[] descriptors;
    private long nextNumber;

    public LoadGenerator(IPEndPoint server, int connectionCount)
    {
        connections = new LoadConnection[connectionCount];
        descriptors = new Poll.Descriptor[connectionCount];
        for (var index = 0; index < connectionCount; index++)
        {
            connections[index] = new LoadConnection(server);
            descriptors[index] = Poll.Watch(connections[index].Descriptor);
        }
    }

    /// <summary>Closed loop: every connection sends its next request as soon as it has its answer. Gives the greatest throughput.</summary>
    public LoadResult RunClosed(Workload workload, TimeSpan duration)
    {
        var tally = new Tally();
        var end = tally.Start + Ticks(duration);
        foreach (var connection in connections)
            connection.Send(workload, nextNumber++, Stopwatch.GetTimestamp());
        for (var busy = connections.Length; busy > 0;)
        {
            WaitForAnswers(AnswerWaitMax, tally);
            for (var index = 0; index < connections.Length; index++)
            {
                if (!descriptors[index].IsReady) continue;
                var connection = connections[index];
                if (!TryFinish(connection, workload, tally)) continue;
                if (tally.LastAnswer < end) connection.Send(workload, nextNumber++, tally.LastAnswer);
                else busy--;
            }
        }

        return tally.Result();
    }

    /// <summary>
    /// Open loop: requests are due at a fixed rate whether or not earlier ones have been answered, and latency counts from
    /// the moment a request was due. A stall is therefore seen by every request that falls into it (no coordinated omission).
    /// </summary>
    public LoadResult RunOpen(Workload workload, double perSecond, TimeSpan duration)
    {
        var tally = new Tally();
        var interval = Stopwatch.Frequency / perSecond;
        var total = (long)(perSecond * duration.TotalSeconds);
        var idle = new Stack<LoadConnection>(connections);
        for (long sent = 0; sent < total || idle.Count < connections.Length;)
        {
            while (sent < total && idle.Count > 0 && DueAt(sent) <= Stopwatch.GetTimestamp())
                idle.Pop().Send(workload, nextNumber++, DueAt(sent++));
            var untilDue = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), DueAt(sent));
            var canSend = sent < total && idle.Count > 0;
            if (canSend && untilDue <= TimeSpan.Zero) continue;
            if (Poll.Wait(descriptors, canSend ? untilDue : AnswerWaitMax) == 0)
            {
                if (!canSend) throw new TimeoutException("No answer within 30 s.");
                continue;
            }

            for (var index = 0; index < connections.Length; index++)
                if (descriptors[index].IsReady && TryFinish(connections[index], workload, tally))
                    idle.Push(connections[index]);
        }

        return tally.Result();

        long DueAt(long request) => tally.Start + (long)(request * interval);
    }

    public void Dispose()
    {
        foreach (var connection in connections) connection.Dispose();
    }

    private void WaitForAnswers(TimeSpan timeout, Tally tally)
    {
        if (Poll.Wait(descriptors, timeout) == 0)
            throw new TimeoutException($"No answer within {timeout.TotalSeconds:0} s, after {tally.Operations} operations.");
    }

    private static bool TryFinish(LoadConnection connection, Workload workload, Tally tally)
    {
        if (!connection.TryReceive(out var answer)) return false;
        tally.Record(connection.Due, answer.Body.Length, workload.Fault(connection.Tag, connection.Number, answer));
        return true;
    }

    private static long Ticks(TimeSpan duration) => (long)(duration.TotalSeconds * Stopwatch.Frequency);

    private sealed class Tally
    {
        private readonly Histogram latency = new();
        private long failures;
        private string? firstFault;
        private long bytes;

        public long Start { get; } = Stopwatch.GetTimestamp();

        public long LastAnswer { get; private set; }

        public long Operations { get; private set; }

        public void Record(long due, int answerBytes, string? fault)
        {
            bytes += answerBytes;
            LastAnswer = Stopwatch.GetTimestamp();
            latency.Record(Stopwatch.GetElapsedTime(due, LastAnswer).Ticks * 100);
            Operations++;
            if (fault is null) return;
            failures++;
            firstFault ??= fault;
        }

        public LoadResult Result() => new(Operations, failures, Stopwatch.GetElapsedTime(Start, LastAnswer), latency, firstFault, bytes);
    }
}
