using System.Collections.Immutable;

namespace EventFhir.Core.Proof;

/// <summary>A tile with the hashes that it has so far, 32 bytes each.</summary>
public sealed record Tile(TileAddress Address, ReadOnlyMemory<byte> Hashes)
{
    public int Width => Hashes.Length / TreeHash.Bytes;

    public TreeHash this[int index] => TreeHash.Read(Hashes.Span[(index * TreeHash.Bytes)..]);

    /// <summary>The hash of the subtree over some of the hashes.</summary>
    /// <param name="count">A power of two.</param>
    public TreeHash Subtree(int start, int count) =>
        count == 1 ? this[start] : TreeHash.OfNode(Subtree(start, count / 2), Subtree(start + (count / 2), count / 2));
}

/// <summary>
/// The right edge of a tree to which leaves are added: for each level the tile that is not full yet. That is all that is needed to go on, and to
/// know the root.
/// </summary>
public sealed class GrowingTree
{
    private readonly List<byte[]> edge = [];
    private readonly List<int> widths = [];
    private readonly List<Tile> filled = [];
    private readonly HashSet<int> touched = [];

    /// <param name="edge">The tiles that are not full, of the levels that have one, as <see cref="EdgeOf"/> names them.</param>
    /// <exception cref="ArgumentException">The tiles are not those of a tree of this size.</exception>
    public GrowingTree(long size, IEnumerable<Tile> edge)
    {
        Size = size;
        var tiles = edge.ToDictionary(tile => tile.Address);
        for (var rest = size; rest > 0; rest >>= TileAddress.Height)
        {
            var width = (int)(rest % TileAddress.Width);
            var address = new TileAddress(this.edge.Count, rest / TileAddress.Width);
            var hashes = new byte[TileAddress.Width * TreeHash.Bytes];
            if (width > 0)
            {
                if (!tiles.TryGetValue(address, out var tile) || tile.Width < width)
                    throw new ArgumentException($"A tree of {size} leaves needs {width} hashes of tile {address}.", nameof(edge));
                tile.Hashes[..(width * TreeHash.Bytes)].CopyTo(hashes);
            }
            this.edge.Add(hashes);
            widths.Add(width);
        }
    }

    /// <summary>Leaves so far.</summary>
    public long Size { get; private set; }

    /// <summary>Which tiles a tree of this size needs to grow.</summary>
    public static ImmutableArray<TileAddress> EdgeOf(long size)
    {
        var tiles = ImmutableArray.CreateBuilder<TileAddress>();
        var level = 0;
        for (var rest = size; rest > 0; rest >>= TileAddress.Height, level++)
            if (rest % TileAddress.Width > 0) tiles.Add(new TileAddress(level, rest / TileAddress.Width));
        return tiles.ToImmutable();
    }

    public void Append(TreeHash leaf)
    {
        Size++;
        var hash = leaf;
        for (var level = 0; ; level++)
        {
            if (level == edge.Count)
            {
                edge.Add(new byte[TileAddress.Width * TreeHash.Bytes]);
                widths.Add(0);
            }
            hash.CopyTo(edge[level].AsSpan(widths[level] * TreeHash.Bytes));
            touched.Add(level);
            if (++widths[level] < TileAddress.Width) return;
            var number = (Size >> (TileAddress.Height * (level + 1))) - 1;
            var full = new Tile(new TileAddress(level, number), edge[level]);
            filled.Add(full);
            edge[level] = new byte[TileAddress.Width * TreeHash.Bytes];
            widths[level] = 0;
            hash = full.Subtree(0, TileAddress.Width);
        }
    }

    /// <summary>The tiles that have changed since the last time; those that are full never change again.</summary>
    public ImmutableArray<Tile> TakeChanged()
    {
        var changed = ImmutableArray.CreateBuilder<Tile>();
        changed.AddRange(filled);
        for (var level = 0; level < edge.Count; level++)
            if (touched.Contains(level) && widths[level] > 0)
            {
                var address = new TileAddress(level, Size >> (TileAddress.Height * (level + 1)));
                changed.Add(new Tile(address, edge[level].AsMemory(0, widths[level] * TreeHash.Bytes).ToArray()));
            }
        filled.Clear();
        touched.Clear();
        return changed.ToImmutable();
    }

    /// <summary>The root over all leaves so far (RFC 6962, section 2.1).</summary>
    public TreeHash Root()
    {
        TreeHash? root = null;
        for (var level = 0; level < edge.Count; level++)
        {
            var tile = new Tile(new TileAddress(level, 0), edge[level]);
            // The perfect subtrees of the edge, from the right and smallest to the left and largest.
            for (var (start, count) = (widths[level], 1); count <= widths[level]; count *= 2)
                if ((widths[level] & count) > 0)
                {
                    start -= count;
                    var subtree = tile.Subtree(start, count);
                    root = root is { } right ? TreeHash.OfNode(subtree, right) : subtree;
                }
        }
        return root ?? TreeHash.OfNothing;
    }
}
