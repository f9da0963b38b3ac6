namespace EventFhir.Server.Rest.Deferring;

/// <summary>A request that is carried out beside its connection, and its answer when there is one.</summary>
/// <param name="Id">Not to be guessed: who knows it gets the answer.</param>
/// <param name="Bytes">What it holds in memory: its body, then its answer.</param>
internal sealed record DeferredRequest(string Id, CancellationTokenSource Cancelling, long Bytes)
{
    public bool IsBegun { get; init; }

    /// <summary>Null while it is carried out.</summary>
    public Answer? Answer { get; init; }

    /// <summary>When the answer came.</summary>
    public DateTimeOffset Answered { get; init; }
}
