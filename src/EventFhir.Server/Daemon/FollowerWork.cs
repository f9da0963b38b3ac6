using EventFhir.Postgres;
using EventFhir.Postgres.Following;

namespace EventFhir.Server.Daemon;

/// <summary>
/// Keeps one follower going on this node: pages as long as there are any, then a look now and then. Disposing it gives the lease back.
/// </summary>
/// <param name="interval">How late news may be noticed.</param>
public sealed class FollowerWork(EventDatabase database, Follower follower, TimeSpan interval, ILoggerFactory loggers) : IAsyncDisposable
{
    private readonly FollowerRun run = new(database, follower, Holder, loggers.CreateLogger<FollowerRun>());
    private BackgroundLoop? loop;

    /// <summary>What operators see of this process: machine and process id, and something that a restart changes.</summary>
    private static string Holder { get; } = FormattableString.Invariant(
        $"{Environment.MachineName}:{Environment.ProcessId}:{Environment.TickCount64:x}");

    public void Start()
    {
        loop = new BackgroundLoop($"Following the feed for {follower.Name}", StepAsync, loggers.CreateLogger<BackgroundLoop>());
        loop.Start();
    }

    public async ValueTask DisposeAsync()
    {
        if (loop is null) return;
        await loop.DisposeAsync();
        try
        {
            await run.ReleaseAsync(CancellationToken.None);
        }
        catch (Exception exception) when (FailureReason.IsOutage(exception))
        {
            // The database is away, or stops with this process: the lease runs out by itself.
        }
    }

    /// <summary>A page, or the wait for the next.</summary>
    private async Task StepAsync(CancellationToken cancellationToken)
    {
        if (await run.StepAsync(cancellationToken) is not FollowerStep.Worked) await Task.Delay(interval, cancellationToken);
    }
}
