using System.Globalization;

namespace EventFhir.Core.Proof;

/// <summary>How large the tree of a log is and what its root is, the text that is signed (C2SP tlog-checkpoint).</summary>
/// <param name="Origin">Which log: its name and its epoch, "eventfhir/0f3c…/e1". After a restore the log goes on under another origin.</param>
public sealed record Checkpoint(string Origin, long Size, TreeHash Root)
{
    /// <summary>Three lines, each ending with a line feed.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Root}\n");

    public static Checkpoint? Parse(string text)
    {
        if (text.Split('\n') is not [{ Length: > 0 } origin, var number, var hash, ""]) return null;
        if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var size)) return null;
        Span<byte> root = stackalloc byte[TreeHash.Bytes];
        if (!Convert.TryFromBase64String(hash, root, out var written) || written != TreeHash.Bytes) return null;
        var checkpoint = new Checkpoint(origin, size, TreeHash.Read(root));
        // One text for one checkpoint: no leading zeros, no second way to write the hash.
        return checkpoint.ToString() == text ? checkpoint : null;
    }
}
