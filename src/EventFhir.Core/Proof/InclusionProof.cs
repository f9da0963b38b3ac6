using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace EventFhir.Core.Proof;

/// <summary>That an event is in the tree of a signed checkpoint; as text it is a C2SP tlog-proof.</summary>
/// <param name="Path">From the leaf to the root of the checkpoint.</param>
/// <param name="Note">The checkpoint, signed.</param>
public sealed record InclusionProof(LeafRecord Leaf, ImmutableArray<TreeHash> Path, string Note)
{
    /// <summary>For who has the record of the leaf.</summary>
    public override string ToString() => Write(extra: "");

    /// <summary>With the record of the leaf as the extra data.</summary>
    public string WithLeaf() => Write($"extra {Convert.ToBase64String(Leaf.ToBytes())}\n");

    private string Write(string extra)
    {
        var proof = new StringBuilder().Append(CultureInfo.InvariantCulture, $"c2sp.org/tlog-proof@v1\n{extra}index {Leaf.Position - 1}\n");
        foreach (var hash in Path) proof.Append(hash).Append('\n');
        return proof.Append('\n').Append(Note).ToString();
    }
}
