using System.Data.Common;

using EventFhir.Postgres.Parameters;
using EventFhir.Postgres.Reindexing;

namespace EventFhir.Server.Daemon;

/// <summary>
/// Looks after the search index in the background, on every node: takes up SearchParameter resources, follows what other nodes have taken up, goes
/// through the resources for them, and for $reindex. Work that a node leaves unfinished is gone on with by whoever comes next.
/// </summary>
public sealed class SearchDaemon(ParameterRegistry registry, ParameterWalk parameters, ReindexWalk reindexing, ILogger<SearchDaemon> logger)
    : IAsyncDisposable
{
    /// <summary>How long another node's change may stay unknown here.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);
    private readonly CancellationTokenSource stopping = new();
    private readonly SemaphoreSlim poked = new(0);
    private Task running = Task.CompletedTask;

    public void Start() => running = Task.Run(RunAsync);

    /// <summary>After a SearchParameter was written here: it is known on this node when this returns.</summary>
    public async Task TakeUpAsync(CancellationToken cancellationToken)
    {
        try
        {
            await registry.RefreshAsync(cancellationToken);
        }
        catch (DbException exception)
        {
            // The resource is stored; the next look takes it up.
            Log.SearchDaemonFailed(logger, exception.GetType().Name);
        }
        poked.Release();
    }

    /// <summary>There is work that was noted in the database.</summary>
    public void Poke() => poked.Release();

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
        stopping.Dispose();
        poked.Dispose();
    }

    private async Task RunAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await WorkAsync();
                await poked.WaitAsync(LookInterval, stopping.Token);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                // The message is left out: it may quote what is stored. The work goes on where its last page ended.
                Log.SearchDaemonFailed(logger, (exception as DbException)?.SqlState ?? exception.GetType().Name);
                await Task.Delay(RetryDelay, stopping.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        }
    }

    private async Task WorkAsync()
    {
        var looked = Environment.TickCount64;
        await registry.RefreshAsync(stopping.Token);
        while (await parameters.StepAsync(stopping.Token) is StepOutcome.Worked || await reindexing.StepAsync(stopping.Token) is StepOutcome.Worked)
        {
            if (Environment.TickCount64 - looked < LookInterval.TotalMilliseconds) continue;
            looked = Environment.TickCount64;
            await registry.RefreshAsync(stopping.Token);
        }
    }
}
