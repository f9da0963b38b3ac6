using System.Diagnostics;

using EventFhir.Postgres;
using EventFhir.Postgres.Feed;

namespace EventFhir.Server.Daemon;

/// <summary>
/// Runs the sequencer: soon after each commit of this process, and now and then for those of others. Every node does; none waits for another.
/// </summary>
public sealed class SequencerWork(EventDatabase database, FeedHead head)
{
    /// <summary>For the log.</summary>
    public const string Name = "Placing events in the feed";

    /// <summary>How late the commits of a process may be noticed that runs no sequencer.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>A pass is followed by a pause of so many times its own length: the rest of the time belongs to the writers.</summary>
    private const int RestFactor = 2;

    private static readonly TimeSpan RestMax = TimeSpan.FromMilliseconds(20);

    private readonly Sequencer sequencer = new(database);

    /// <summary>A pass, and the wait for the next.</summary>
    public async Task StepAsync(CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var pass = await sequencer.PassAsync(cancellationToken);
        head.MoveTo(pass.Head);
        FeedMetrics.Placed.Add(pass.Placed);
        if (pass.HasMore) return;
        if (pass.Placed == 0)
        {
            await database.Commits.WaitAsync(LookInterval, cancellationToken);
            return;
        }
        var took = Stopwatch.GetElapsedTime(started);
        FeedMetrics.PassDuration.Record(took.TotalSeconds);
        var rest = took * RestFactor;
        await Task.Delay(rest < RestMax ? rest : RestMax, cancellationToken);
    }
}
