using EventFhir.Postgres;
using EventFhir.Postgres.Following;
using EventFhir.Postgres.Parameters;
using EventFhir.Postgres.Replay;

namespace EventFhir.Server.Daemon;

/// <summary>Rebuilds that operators ask a running server for: each goes on after the answer. Disposing it breaks off what is under way.</summary>
public sealed class ProjectionRebuilds(
    EventDatabase database, ParameterRegistry registry, IReadOnlyList<Follower> followers, ILogger<ProjectionRebuilds> logger) : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock starting = new();
    private readonly Dictionary<string, Task> running = new(StringComparer.Ordinal);

    /// <summary>False if this node is at it already.</summary>
    /// <param name="name">Of a projection that there is.</param>
    public bool Start(string name)
    {
        lock (starting)
        {
            if (running.TryGetValue(name, out var last) && !last.IsCompleted) return false;
            running[name] = Task.Run(() => RunAsync(name));
            return true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(running.Values);
        stopping.Dispose();
    }

    private async Task RunAsync(string name)
    {
        try
        {
            var report = followers.FirstOrDefault(follower => follower.Name == name) is { } follower
                ? await new FollowerRebuild(database, follower).RunAsync(progress: null, stopping.Token)
                : await new Rebuild(database, registry.Rules).RunAsync(progress: null, stopping.Token);
            Log.Rebuilt(logger, name, report.Resources, report.Duration.TotalSeconds);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The next one clears away what this one leaves.
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            Log.RebuildFailed(logger, name, FailureReason.Of(exception));
        }
    }
}
