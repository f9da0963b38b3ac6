using System.Data.Common;

using EventFhir.Postgres.Proof;

namespace EventFhir.Server.Daemon;

/// <summary>Takes what is in the feed into the tree and signs its root, every second if there is something new. Every node has one.</summary>
public sealed class TreeLoop(TreeIntegrator integrator, ILogger logger) : IAsyncDisposable
{
    public static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(1);

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
                var pass = await integrator.PassAsync(stopping.Token);
                if (failures > 0) Log.TreeGrows(logger, failures);
                failures = 0;
                if (!pass.HasMore) await Task.Delay(CheckpointInterval, stopping.Token);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                // Said once; what is not in the tree now is taken in when it can be.
                var reason = (exception as DbException)?.SqlState ?? (exception as InvalidDataException)?.Message ?? exception.GetType().Name;
                if (failures++ == 0) Log.TreeFailed(logger, reason);
                await Task.Delay(CheckpointInterval, stopping.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        }
    }
}
