namespace EventFhir.Postgres.Feed;

/// <summary>Tells the sequencer of this process that a write path of it has committed; commits of other processes are found by looking.</summary>
public sealed class CommitSignal : IDisposable
{
    private readonly SemaphoreSlim raised = new(0, 1);
    private int isRaised;

    internal void Raise()
    {
        if (Interlocked.Exchange(ref isRaised, 1) == 0) raised.Release();
    }

    /// <summary>Returns at once if something was committed since the last wait, and after the patience at the latest.</summary>
    public async Task WaitAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        if (!await raised.WaitAsync(patience, cancellationToken)) return;
        // Before whatever the caller reads next: a later commit raises it again.
        Interlocked.Exchange(ref isRaised, 0);
    }

    public void Dispose() => raised.Dispose();
}
