using System.Collections.Immutable;

namespace EventFhir.Core.Proof;

/// <summary>Whether a proof proves what it should: the algorithms of RFC 9162, sections 2.1.3.2 and 2.1.4.2.</summary>
public static class ProofCheck
{
    /// <param name="index">Of the leaf, from 0.</param>
    public static bool Includes(TreeHash leaf, long index, long size, ImmutableArray<TreeHash> path, TreeHash root)
    {
        if (index < 0 || index >= size) return false;
        var (place, last, hash) = (index, size - 1, leaf);
        foreach (var sibling in path)
        {
            if (last == 0) return false;
            if ((place & 1) == 1 || place == last)
            {
                hash = TreeHash.OfNode(sibling, hash);
                while ((place & 1) == 0 && place != 0) (place, last) = (place >> 1, last >> 1);
            }
            else hash = TreeHash.OfNode(hash, sibling);
            (place, last) = (place >> 1, last >> 1);
        }
        return last == 0 && hash == root;
    }

    public static bool Continues(long from, TreeHash before, long to, TreeHash after, ImmutableArray<TreeHash> path)
    {
        if (from < 1 || from > to) return false;
        if (from == to) return path.IsEmpty && before == after;
        // A complete subtree is its own first hash.
        var hashes = (from & (from - 1)) == 0 ? [before, .. path] : path;
        if (hashes.IsEmpty) return false;
        var (place, last) = (from - 1, to - 1);
        while ((place & 1) == 1) (place, last) = (place >> 1, last >> 1);
        var (old, now) = (hashes[0], hashes[0]);
        foreach (var hash in hashes.AsSpan(1..))
        {
            if (last == 0) return false;
            if ((place & 1) == 1 || place == last)
            {
                old = TreeHash.OfNode(hash, old);
                now = TreeHash.OfNode(hash, now);
                while ((place & 1) == 0 && place != 0) (place, last) = (place >> 1, last >> 1);
            }
            else now = TreeHash.OfNode(now, hash);
            (place, last) = (place >> 1, last >> 1);
        }
        return last == 0 && old == before && now == after;
    }
}
