using System.Collections.Immutable;

using EventFhir.Core.Proof;

using Xunit;

namespace EventFhir.UnitTests.Proof;

public sealed class MerkleTrees
{
    // The inputs and roots by which implementations of RFC 6962 are compared.
    private static readonly string[] KnownLeaves =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    private static readonly string[] KnownRoots =
    [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    [Fact]
    public void Known_leaves_have_the_known_roots()
    {
        var tree = new GrowingTree(0, []);
        for (var size = 0; size < KnownRoots.Length; size++)
        {
            Assert.Equal(KnownRoots[size], Convert.ToHexStringLower(tree.Root().ToArray()));
            if (size < KnownLeaves.Length) tree.Append(TreeHash.OfLeaf(Convert.FromHexString(KnownLeaves[size])));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(1_000)]
    [InlineData(65_536)]
    [InlineData(66_051)]
    public void Roots_are_those_of_the_definition(int size)
    {
        var tree = SampleTree.Of(size);
        Assert.Equal(tree.RootByDefinition(size), tree.Keep());
        Assert.Equal([tree.RootByDefinition(size)], ProofPlan.OfRoot(size).Resolve(tree.Tiles));
    }

    [Fact]
    public void A_tree_that_is_grown_in_pieces_from_its_stored_tiles_is_the_same()
    {
        var random = new Random(7);
        var whole = SampleTree.Of(3_000);
        var tiles = new Dictionary<TileAddress, Tile>();
        for (var size = 0; size < whole.Leaves.Count;)
        {
            var growing = new GrowingTree(size, GrowingTree.EdgeOf(size).Select(address => tiles[address]));
            var count = Math.Min(random.Next(1, 400), whole.Leaves.Count - size);
            foreach (var leaf in whole.Leaves.GetRange(size, count)) growing.Append(leaf);
            foreach (var tile in growing.TakeChanged()) tiles[tile.Address] = tile;
            size += count;
            Assert.Equal(whole.RootByDefinition(size), growing.Root());
        }
        Assert.Equal(
            whole.Tiles.Values.OrderBy(tile => tile.Address.ToString(), StringComparer.Ordinal).Select(tile => Convert.ToHexString(tile.Hashes.Span)),
            tiles.Values.OrderBy(tile => tile.Address.ToString(), StringComparer.Ordinal).Select(tile => Convert.ToHexString(tile.Hashes.Span)));
    }

    [Fact]
    public void A_tree_does_not_grow_from_tiles_that_lack_hashes()
    {
        var tree = SampleTree.Of(300);
        Assert.Throws<ArgumentException>(() => new GrowingTree(300, []));
        Assert.Throws<ArgumentException>(() => new GrowingTree(301, GrowingTree.EdgeOf(301).Select(address => tree.Tiles[address])));
    }

    [Fact]
    public void Every_inclusion_proof_verifies_and_no_changed_one_does()
    {
        var random = new Random(1);
        var tree = SampleTree.Of(1_500);
        for (var round = 0; round < 400; round++)
        {
            var size = round < 200 ? random.Next(1, 70) : random.Next(1, 1_501);
            var index = random.Next(size);
            var (leaf, root, path) = (tree.Leaves[index], tree.RootByDefinition(size), tree.Inclusion(index, size));
            Assert.True(ProofCheck.Includes(leaf, index, size, path, root), $"leaf {index} of {size}");

            Assert.False(ProofCheck.Includes(Changed(leaf, random), index, size, path, root));
            Assert.False(ProofCheck.Includes(leaf, index, size, path, Changed(root, random)));
            Assert.False(ProofCheck.Includes(leaf, index, size, path.Add(root), root));
            Assert.False(ProofCheck.Includes(leaf, size, size, path, root));
            if (path.IsEmpty) continue;
            var place = random.Next(path.Length);
            Assert.False(ProofCheck.Includes(leaf, index, size, path.SetItem(place, Changed(path[place], random)), root));
            Assert.False(ProofCheck.Includes(leaf, index, size, path.RemoveAt(place), root));
            Assert.False(ProofCheck.Includes(leaf, (index + 1) % size, size, path, root));
        }
    }

    [Fact]
    public void Every_consistency_proof_verifies_and_no_changed_one_does()
    {
        var random = new Random(2);
        var tree = SampleTree.Of(1_500);
        for (var round = 0; round < 400; round++)
        {
            var to = round < 200 ? random.Next(1, 70) : random.Next(1, 1_501);
            var from = random.Next(1, to + 1);
            var (before, after, path) = (tree.RootByDefinition(from), tree.RootByDefinition(to), tree.Consistency(from, to));
            Assert.True(ProofCheck.Continues(from, before, to, after, path), $"{from} in {to}");

            Assert.False(ProofCheck.Continues(from, Changed(before, random), to, after, path));
            Assert.False(ProofCheck.Continues(from, before, to, Changed(after, random), path));
            Assert.False(ProofCheck.Continues(from, before, to, after, path.Add(after)));
            Assert.False(ProofCheck.Continues(to + 1, before, to, after, path));
            if (path.IsEmpty) continue;
            var place = random.Next(path.Length);
            Assert.False(ProofCheck.Continues(from, before, to, after, path.SetItem(place, Changed(path[place], random))));
            Assert.False(ProofCheck.Continues(from, before, to, after, path.RemoveAt(place)));
        }
    }

    [Fact]
    public void All_proofs_of_small_trees_verify()
    {
        var tree = SampleTree.Of(33);
        for (var size = 1; size <= 33; size++)
        {
            var root = tree.RootByDefinition(size);
            for (var index = 0; index < size; index++)
            {
                Assert.True(ProofCheck.Includes(tree.Leaves[index], index, size, tree.Inclusion(index, size), root));
                Assert.True(ProofCheck.Continues(index + 1, tree.RootByDefinition(index + 1), size, root, tree.Consistency(index + 1, size)));
            }
        }
    }

    private static TreeHash Changed(TreeHash hash, Random random)
    {
        var bytes = hash.ToArray();
        bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        return TreeHash.Read(bytes);
    }
}
