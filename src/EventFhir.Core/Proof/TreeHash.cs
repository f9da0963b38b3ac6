using System.Buffers.Binary;
using System.Security.Cryptography;

namespace EventFhir.Core.Proof;

/// <summary>A SHA-256 of 32 bytes in a Merkle tree, as a value (RFC 6962, section 2.1).</summary>
public readonly record struct TreeHash(ulong A, ulong B, ulong C, ulong D)
{
    public const int Bytes = 32;

    /// <summary>The root of a tree without leaves.</summary>
    public static TreeHash OfNothing { get; } = OfText([]);

    /// <summary>The hash of a leaf: SHA-256 of 0x00 and the record.</summary>
    public static TreeHash OfLeaf(ReadOnlySpan<byte> record)
    {
        var input = new byte[1 + record.Length];
        record.CopyTo(input.AsSpan(1));
        return OfText(input);
    }

    /// <summary>The same of a record that stands behind its 0x00 already.</summary>
    internal static TreeHash OfPrefixed(ReadOnlySpan<byte> prefixedRecord) => OfText(prefixedRecord);

    /// <summary>The hash of a node: SHA-256 of 0x01 and its two children.</summary>
    public static TreeHash OfNode(TreeHash left, TreeHash right)
    {
        Span<byte> input = stackalloc byte[1 + (2 * Bytes)];
        input[0] = 1;
        left.CopyTo(input[1..]);
        right.CopyTo(input[(1 + Bytes)..]);
        return OfText(input);
    }

    /// <param name="hash">At least 32 bytes; what follows is left alone.</param>
    public static TreeHash Read(ReadOnlySpan<byte> hash) => new(
        BinaryPrimitives.ReadUInt64BigEndian(hash),
        BinaryPrimitives.ReadUInt64BigEndian(hash[8..]),
        BinaryPrimitives.ReadUInt64BigEndian(hash[16..]),
        BinaryPrimitives.ReadUInt64BigEndian(hash[24..]));

    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, A);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], B);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], C);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], D);
    }

    public byte[] ToArray()
    {
        var bytes = new byte[Bytes];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>Base 64, as checkpoints and proofs have it.</summary>
    public override string ToString() => Convert.ToBase64String(ToArray());

    private static TreeHash OfText(ReadOnlySpan<byte> input)
    {
        Span<byte> hash = stackalloc byte[Bytes];
        SHA256.HashData(input, hash);
        return Read(hash);
    }
}
