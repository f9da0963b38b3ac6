using System.Collections.Frozen;

namespace EventFhir.Postgres.Search;

/// <summary>What PostgreSQL's statistics say of the resources of a type.</summary>
/// <param name="Rows">How many there are; not positive where nothing is known.</param>
/// <param name="Terms">The share of them that has a term or one of the hashes of repeated numbers; of the common ones.</param>
/// <param name="Dates">How dates lie, by the column of their low end.</param>
internal sealed record TypeStatistics(double Rows, FrozenDictionary<long, float> Terms, FrozenDictionary<string, DateSpread> Dates)
{
    public static TypeStatistics None { get; } = new(0, FrozenDictionary<long, float>.Empty, FrozenDictionary<string, DateSpread>.Empty);
}

/// <summary>How the dates of a column lie; all instants in seconds since 1970.</summary>
/// <param name="Bounds">Between each two of them lie equally many of those that are not common, in ascending order.</param>
/// <param name="Common">Instants that many resources have, and in <paramref name="CommonShares"/> how many of all.</param>
/// <param name="MissingShare">Of the resources without the date.</param>
internal sealed record DateSpread(double[] Bounds, double[] Common, float[] CommonShares, float MissingShare)
{
    /// <summary>The share of all resources whose date begins in [from, to).</summary>
    public double Between(double from, double to) => Math.Max(0, Since(from) - Since(to));

    private double Since(double from)
    {
        var (share, rest) = (0.0, 1.0 - MissingShare);
        for (var place = 0; place < Common.Length; place++)
        {
            rest -= CommonShares[place];
            if (Common[place] >= from) share += CommonShares[place];
        }
        return share + (Math.Max(0, rest) * (1 - PlaceOf(from)));
    }

    /// <summary>How far along the bounds an instant is, from 0 to 1.</summary>
    private double PlaceOf(double instant)
    {
        if (Bounds.Length < 2 || instant <= Bounds[0]) return 0;
        if (instant > Bounds[^1]) return 1;
        var next = Array.BinarySearch(Bounds, instant);
        if (next < 0) next = ~next;
        var (low, high) = (Bounds[next - 1], Bounds[next]);
        // Dates without an end have no distance.
        var part = instant == high ? 1 : double.IsFinite(low) && double.IsFinite(high) ? (instant - low) / (high - low) : 0.5;
        return (next - 1 + part) / (Bounds.Length - 1);
    }
}
