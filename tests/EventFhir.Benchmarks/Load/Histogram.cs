using System.Numerics;

namespace EventFhir.Benchmarks.Load;

/// <summary>
/// Latencies in nanoseconds, in buckets whose width is 1/128 of their power of two: every percentile is exact to 0.8 %.
/// Constant memory, no allocation per value, and histograms of several rounds add up.
/// </summary>
public sealed class Histogram
{
    private const int StepBits = 7;
    private const int Steps = 1 << StepBits;

    private readonly long[] counts = new long[(64 - StepBits) * Steps];

    public long Count { get; private set; }

    public long Max { get; private set; }

    public void Record(long nanoseconds)
    {
        nanoseconds = Math.Max(nanoseconds, 0);
        counts[BucketOf(nanoseconds)]++;
        Count++;
        Max = Math.Max(Max, nanoseconds);
    }

    public void Add(Histogram other)
    {
        for (var bucket = 0; bucket < counts.Length; bucket++)
            counts[bucket] += other.counts[bucket];
        Count += other.Count;
        Max = Math.Max(Max, other.Max);
    }

    /// <summary>The smallest bucket bound that at least <paramref name="share"/> (0..1) of the values do not exceed, in milliseconds.</summary>
    public double PercentileMs(double share)
    {
        var wanted = (long)Math.Ceiling(share * Count);
        long seen = 0;
        for (var bucket = 0; bucket < counts.Length; bucket++)
        {
            seen += counts[bucket];
            if (seen >= wanted && seen > 0) return Math.Min(UpperBoundOf(bucket), Max) / 1e6;
        }

        return 0;
    }

    private static int BucketOf(long value)
    {
        if (value < Steps) return (int)value;
        var shift = BitOperations.Log2((ulong)value) - StepBits;
        return ((shift + 1) << StepBits) + (int)((value >> shift) - Steps);
    }

    private static long UpperBoundOf(int bucket)
    {
        if (bucket < Steps) return bucket;
        var shift = (bucket >> StepBits) - 1;
        return ((((long)bucket & (Steps - 1)) + Steps + 1) << shift) - 1;
    }
}
