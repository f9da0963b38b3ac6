using System.Data.Common;
using System.Diagnostics;

using EventFhir.Postgres;
using EventFhir.Postgres.Feed;

namespace EventFhir.Server.Daemon;

/// <summary>
/// Runs the sequencer as long as the process lives: soon after each commit of this process, and now and then for those of others. Every node has
/// one; none waits for another.
/// </summary>
public sealed class SequencerLoop(EventDatabase database, FeedHead head, ILogger logger) : IAsyncDisposable
{
    /// <summary>How late the commits of a process may be noticed that runs no sequencer.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>A pass is followed by a pause of so many times its own length: the rest of the time belongs to the writers.</summary>
    private const int RestFactor = 2;

    private static readonly TimeSpan RestMax = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan RetryDelayMin = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RetryDelayMax = TimeSpan.FromSeconds(5);

    private readonly Sequencer sequencer = new(database);
    private readonly CancellationTokenSource stopping = new();
    private Task running = Task.CompletedTask;

    public void Start() => running = Task.Run(RunAsync);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
        stopping.Dispose();
    }

    private async Task RunAsync()
    {
        for (var failures = 0; !stopping.IsCancellationRequested; )
        {
            try
            {
                await WorkAsync();
                if (failures > 0) Log.SequencerRuns(logger, failures);
                failures = 0;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                // Said once; what cannot be placed now is placed when the database is back.
                if (failures++ == 0) Log.SequencerFailed(logger, (exception as DbException)?.SqlState ?? exception.GetType().Name);
                var delay = RetryDelayMin * Math.Pow(2, Math.Min(failures, 7));
                delay = (delay < RetryDelayMax ? delay : RetryDelayMax) * (0.5 + (Random.Shared.NextDouble() / 2));
                await Task.Delay(delay, stopping.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        }
    }

    private async Task WorkAsync()
    {
        var started = Stopwatch.GetTimestamp();
        var pass = await sequencer.PassAsync(stopping.Token);
        head.MoveTo(pass.Head);
        FeedMetrics.Placed.Add(pass.Placed);
        if (pass.HasMore) return;
        if (pass.Placed == 0)
        {
            await database.Commits.WaitAsync(LookInterval, stopping.Token);
            return;
        }
        var took = Stopwatch.GetElapsedTime(started);
        FeedMetrics.PassDuration.Record(took.TotalSeconds);
        var rest = took * RestFactor;
        await Task.Delay(rest < RestMax ? rest : RestMax, stopping.Token);
    }
}
