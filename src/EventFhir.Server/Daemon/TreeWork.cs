using EventFhir.Postgres.Proof;

namespace EventFhir.Server.Daemon;

/// <summary>Takes what is in the feed into the tree and signs its root, every second if there is something new. Every node does.</summary>
public sealed class TreeWork(TreeIntegrator integrator)
{
    /// <summary>For the log.</summary>
    public const string Name = "Taking events into the tree of proofs";

    public static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(1);

    /// <summary>A pass, and the wait for the next.</summary>
    public async Task StepAsync(CancellationToken cancellationToken)
    {
        var pass = await integrator.PassAsync(cancellationToken);
        if (!pass.HasMore) await Task.Delay(CheckpointInterval, cancellationToken);
    }
}
