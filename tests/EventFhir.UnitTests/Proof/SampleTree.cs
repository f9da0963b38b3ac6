using System.Collections.Immutable;

using EventFhir.Core.Proof;

namespace EventFhir.UnitTests.Proof;

/// <summary>A tree whose tiles are kept, grown in pieces as the server does it.</summary>
internal sealed class SampleTree
{
    private readonly GrowingTree growing = new(0, []);

    public Dictionary<TileAddress, Tile> Tiles { get; } = [];
    public List<TreeHash> Leaves { get; } = [];

    /// <summary>Of leaves that are numbers.</summary>
    public static SampleTree Of(int size)
    {
        var tree = new SampleTree();
        tree.Grow(size);
        return tree;
    }

    public void Grow(int count)
    {
        for (var i = 0; i < count; i++) Append(TreeHash.OfLeaf(BitConverter.GetBytes(Leaves.Count)));
        Keep();
    }

    public void Append(TreeHash leaf)
    {
        Leaves.Add(leaf);
        growing.Append(leaf);
    }

    public TreeHash Keep()
    {
        foreach (var tile in growing.TakeChanged()) Tiles[tile.Address] = tile;
        return growing.Root();
    }

    public ImmutableArray<TreeHash> Inclusion(long index, long size) => ProofPlan.OfInclusion(index, size).Resolve(Tiles);

    public ImmutableArray<TreeHash> Consistency(long from, long to) => ProofPlan.OfConsistency(from, to).Resolve(Tiles);

    /// <summary>MTH as RFC 6962, section 2.1, defines it: slow, and obviously right.</summary>
    public TreeHash RootByDefinition(int size) => ByDefinition(Leaves.GetRange(0, size));

    private static TreeHash ByDefinition(List<TreeHash> leaves)
    {
        if (leaves.Count == 0) return TreeHash.OfNothing;
        if (leaves.Count == 1) return leaves[0];
        var half = 1;
        while (half * 2 < leaves.Count) half *= 2;
        return TreeHash.OfNode(ByDefinition(leaves.GetRange(0, half)), ByDefinition(leaves.GetRange(half, leaves.Count - half)));
    }
}
