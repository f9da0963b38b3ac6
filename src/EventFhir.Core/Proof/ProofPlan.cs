using System.Collections.Immutable;
using System.Numerics;

namespace EventFhir.Core.Proof;

/// <summary>A complete subtree: 2^Level leaves, the first of which is Index * 2^Level.</summary>
public readonly record struct SubtreeAddress(int Level, long Index)
{
    /// <summary>The tile with the hashes from which the hash of this subtree is made.</summary>
    public TileAddress Tile => new(Level / TileAddress.Height, FirstHash / TileAddress.Width);

    internal int Start => (int)(FirstHash % TileAddress.Width);
    internal int Count => 1 << (Level % TileAddress.Height);
    private long FirstHash => Index << (Level % TileAddress.Height);
}

/// <summary>
/// Which hashes prove something of a tree, before they are read: each is that of a complete subtree, or of several at the right edge (RFC 6962,
/// sections 2.1.1 and 2.1.2).
/// </summary>
/// <param name="Hashes">For each hash of the proof, the complete subtrees of which it is made, from left to right.</param>
public sealed record ProofPlan(ImmutableArray<ImmutableArray<SubtreeAddress>> Hashes)
{
    /// <summary>The tiles to read.</summary>
    public ImmutableArray<TileAddress> Tiles =>
        [.. Hashes.SelectMany(subtrees => subtrees).Select(subtree => subtree.Tile).Distinct()];

    /// <summary>That the leaf is in the tree.</summary>
    public static ProofPlan OfInclusion(long index, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var path = new List<ImmutableArray<SubtreeAddress>>();
        var (start, end) = (0L, size);
        while (end - start > 1)
        {
            var middle = start + LargestPowerBelow(end - start);
            path.Add(index < middle ? Cover(middle, end) : Cover(start, middle));
            (start, end) = index < middle ? (start, middle) : (middle, end);
        }
        path.Reverse();
        return new ProofPlan([.. path]);
    }

    /// <summary>That the smaller tree is the beginning of the larger one.</summary>
    public static ProofPlan OfConsistency(long from, long to)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from, to);
        var path = new List<ImmutableArray<SubtreeAddress>>();
        if (from == to) return new ProofPlan([]);
        var (start, end, isKnown) = (0L, to, true);
        while (from != end)
        {
            var middle = start + LargestPowerBelow(end - start);
            if (from <= middle)
            {
                path.Add(Cover(middle, end));
                end = middle;
            }
            else
            {
                path.Add(Cover(start, middle));
                (start, isKnown) = (middle, false);
            }
        }
        if (!isKnown) path.Add(Cover(start, end));
        path.Reverse();
        return new ProofPlan([.. path]);
    }

    /// <summary>Makes the root of the tree of this size out of its tiles.</summary>
    public static ProofPlan OfRoot(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        return new ProofPlan([Cover(0, size)]);
    }

    /// <exception cref="KeyNotFoundException">A tile is missing.</exception>
    public ImmutableArray<TreeHash> Resolve(IReadOnlyDictionary<TileAddress, Tile> tiles) =>
        [.. Hashes.Select(subtrees => Fold(subtrees, tiles))];

    private static TreeHash Fold(ImmutableArray<SubtreeAddress> subtrees, IReadOnlyDictionary<TileAddress, Tile> tiles)
    {
        TreeHash? hash = null;
        for (var i = subtrees.Length - 1; i >= 0; i--)
        {
            var subtree = tiles[subtrees[i].Tile].Subtree(subtrees[i].Start, subtrees[i].Count);
            hash = hash is { } right ? TreeHash.OfNode(subtree, right) : subtree;
        }
        return hash!.Value;
    }

    /// <summary>The complete subtrees of a range that starts where a subtree as large as the range may start.</summary>
    private static ImmutableArray<SubtreeAddress> Cover(long start, long end)
    {
        var subtrees = ImmutableArray.CreateBuilder<SubtreeAddress>();
        while (start < end)
        {
            var level = 63 - BitOperations.LeadingZeroCount((ulong)(end - start));
            subtrees.Add(new SubtreeAddress(level, start >> level));
            start += 1L << level;
        }
        return subtrees.ToImmutable();
    }

    private static long LargestPowerBelow(long count) => 1L << (63 - BitOperations.LeadingZeroCount((ulong)(count - 1)));
}
