using EventFhir.Postgres.Following;

namespace EventFhir.Server.Daemon;

/// <summary>
/// Work in the background, step after step as long as the process lives. When a step fails (the database is away), that is said once, and once more
/// when the work goes on; the tries in between come ever later. Disposing it waits for the step under way.
/// </summary>
/// <param name="work">For the log: "Placing events in the feed".</param>
/// <param name="step">Also waits until there is something to do again.</param>
public sealed class BackgroundLoop(string work, Func<CancellationToken, Task> step, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan RetryDelayMin = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RetryDelayMax = TimeSpan.FromSeconds(5);
    private const int DoublingsMax = 7;

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
        for (var failures = 0; !stopping.IsCancellationRequested;)
        {
            try
            {
                await step(stopping.Token);
                if (failures > 0) Log.BackgroundWorkGoesOn(logger, work, failures);
                failures = 0;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                if (failures++ == 0) Log.BackgroundWorkFailed(logger, work, FailureReason.Of(exception));
                // Not all nodes at once.
                var delay = Math.Min(
                    RetryDelayMin.TotalMilliseconds * Math.Pow(2, Math.Min(failures, DoublingsMax)), RetryDelayMax.TotalMilliseconds);
                await Task.Delay(TimeSpan.FromMilliseconds(delay * (0.5 + (Random.Shared.NextDouble() / 2))), stopping.Token)
                    .ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        }
    }
}
