using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using EventFhir.Benchmarks.Load;

namespace EventFhir.Benchmarks.Searches;

/// <summary>
/// How long searches take when nothing else is asked: of each the shortest time of a few. What differs then is the searches, not the machine: answers
/// are larger or smaller, codes rare or common.
/// </summary>
/// <param name="Times">One for each search.</param>
/// <param name="Total">Mean of Bundle.total, where there is one.</param>
public sealed record AloneTimes(Histogram Times, double? Total)
{
    private const int Rounds = 4;
    private static readonly TimeSpan AnswerWaitMax = TimeSpan.FromSeconds(30);

    /// <param name="count">Searches: the first ones of the workload.</param>
    public static AloneTimes Of(IPEndPoint server, Workload workload, int count)
    {
        using var connection = new LoadConnection(server);
        Poll.Descriptor[] descriptors = [Poll.Watch(connection.Descriptor)];
        var best = new long[count];
        Array.Fill(best, long.MaxValue);
        var (totals, counted) = (0L, 0);
        for (var round = 0; round < Rounds; round++)
        {
            for (var number = 0; number < count; number++)
            {
                var start = Stopwatch.GetTimestamp();
                connection.Send(workload, number, start);
                HttpAnswer answer;
                do
                {
                    if (Poll.Wait(descriptors, AnswerWaitMax) == 0) throw new TimeoutException("No answer within 30 s.");
                }
                while (!connection.TryReceive(out answer));
                best[number] = Math.Min(best[number], Stopwatch.GetElapsedTime(start).Ticks * 100);
                if (TotalOf(answer.Body) is not { } total) continue;
                totals += total;
                counted++;
            }
        }
        var times = new Histogram();
        foreach (var time in best) times.Record(time);
        return new AloneTimes(times, counted == 0 ? null : (double)totals / counted);
    }

    private static long? TotalOf(ReadOnlySpan<byte> body)
    {
        var mark = "\"total\":"u8;
        var start = body[..Math.Min(body.Length, 200)].IndexOf(mark);
        return start >= 0 && Utf8Parser.TryParse(body[(start + mark.Length)..], out long total, out _) ? total : null;
    }
}
