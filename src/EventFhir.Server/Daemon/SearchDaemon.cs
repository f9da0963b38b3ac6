using System.Data.Common;

using EventFhir.Postgres.Parameters;
using EventFhir.Postgres.Reindexing;

namespace EventFhir.Server.Daemon;

/// <summary>
/// Looks after the search index in the background, on every node: takes up SearchParameter resources, follows what other nodes have taken up, goes
/// through the resources for them, and for $reindex. Work that a node leaves unfinished is gone on with by whoever comes next.
/// </summary>
public sealed class SearchDaemon : IAsyncDisposable
{
    /// <summary>How long another node's change may stay unknown here.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly ParameterRegistry registry;
    private readonly ParameterWalk parameters;
    private readonly ReindexWalk reindexing;
    private readonly ILogger logger;
    private readonly BackgroundLoop loop;
    private readonly SemaphoreSlim poked = new(0);

    public SearchDaemon(ParameterRegistry registry, ParameterWalk parameters, ReindexWalk reindexing, ILogger<SearchDaemon> logger)
    {
        (this.registry, this.parameters, this.reindexing, this.logger) = (registry, parameters, reindexing, logger);
        loop = new BackgroundLoop("Looking after the search parameters that clients define", StepAsync, logger);
    }

    public void Start() => loop.Start();

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
            Log.ParametersNotTakenUp(logger, exception.GetType().Name);
        }
        poked.Release();
    }

    /// <summary>There is work that was noted in the database.</summary>
    public void Poke() => poked.Release();

    public async ValueTask DisposeAsync()
    {
        await loop.DisposeAsync();
        poked.Dispose();
    }

    private async Task StepAsync(CancellationToken cancellationToken)
    {
        await WorkAsync(cancellationToken);
        await poked.WaitAsync(LookInterval, cancellationToken);
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        var looked = Environment.TickCount64;
        await registry.RefreshAsync(cancellationToken);
        while (await parameters.StepAsync(cancellationToken) is StepOutcome.Worked
            || await reindexing.StepAsync(cancellationToken) is StepOutcome.Worked)
        {
            if (Environment.TickCount64 - looked < LookInterval.TotalMilliseconds) continue;
            looked = Environment.TickCount64;
            await registry.RefreshAsync(cancellationToken);
        }
    }
}
