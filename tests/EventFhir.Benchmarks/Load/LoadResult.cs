namespace EventFhir.Benchmarks.Load;

/// <summary>Outcome of one run of the load generator. Latencies count good and bad answers alike.</summary>
public sealed record LoadResult(long Operations, long Failures, TimeSpan Elapsed, Histogram Latency, string? FirstFault, long AnswerBytes)
{
    public const double FailureShareMax = 0.001;

    public double PerSecond => Operations / Elapsed.TotalSeconds;

    /// <summary>A scenario with more than 0.1 % failures has no figure.</summary>
    public bool IsValid => Operations > 0 && Failures <= Operations * FailureShareMax;
}
