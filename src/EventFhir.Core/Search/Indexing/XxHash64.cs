using System.Buffers.Binary;
using System.Numerics;

namespace EventFhir.Core.Search.Indexing;

/// <summary>XXH64 (xxHash specification 0.1.1): a fast hash whose 64 bits are well distributed, also for the short texts it meets here.</summary>
internal static class XxHash64
{
    private const ulong Prime1 = 0x9E3779B185EBCA87;
    private const ulong Prime2 = 0xC2B2AE3D27D4EB4F;
    private const ulong Prime3 = 0x165667B19E3779F9;
    private const ulong Prime4 = 0x85EBCA77C2B2AE63;
    private const ulong Prime5 = 0x27D4EB2F165667C5;

    public static ulong Of(ReadOnlySpan<byte> data, ulong seed)
    {
        var rest = data;
        var hash = data.Length >= 32 ? Stripes(ref rest, seed) : seed + Prime5;
        hash += (ulong)data.Length;

        for (; rest.Length >= 8; rest = rest[8..])
            hash = (BitOperations.RotateLeft(hash ^ Round(0, BinaryPrimitives.ReadUInt64LittleEndian(rest)), 27) * Prime1) + Prime4;
        if (rest.Length >= 4)
        {
            hash = (BitOperations.RotateLeft(hash ^ (BinaryPrimitives.ReadUInt32LittleEndian(rest) * Prime1), 23) * Prime2) + Prime3;
            rest = rest[4..];
        }
        foreach (var octet in rest)
            hash = BitOperations.RotateLeft(hash ^ (octet * Prime5), 11) * Prime1;

        hash = (hash ^ (hash >> 33)) * Prime2;
        hash = (hash ^ (hash >> 29)) * Prime3;
        return hash ^ (hash >> 32);
    }

    private static ulong Stripes(ref ReadOnlySpan<byte> rest, ulong seed)
    {
        var lane1 = seed + Prime1 + Prime2;
        var lane2 = seed + Prime2;
        var lane3 = seed;
        var lane4 = seed - Prime1;
        for (; rest.Length >= 32; rest = rest[32..])
        {
            lane1 = Round(lane1, BinaryPrimitives.ReadUInt64LittleEndian(rest));
            lane2 = Round(lane2, BinaryPrimitives.ReadUInt64LittleEndian(rest[8..]));
            lane3 = Round(lane3, BinaryPrimitives.ReadUInt64LittleEndian(rest[16..]));
            lane4 = Round(lane4, BinaryPrimitives.ReadUInt64LittleEndian(rest[24..]));
        }
        var hash = BitOperations.RotateLeft(lane1, 1) + BitOperations.RotateLeft(lane2, 7)
            + BitOperations.RotateLeft(lane3, 12) + BitOperations.RotateLeft(lane4, 18);
        hash = Merge(hash, lane1);
        hash = Merge(hash, lane2);
        hash = Merge(hash, lane3);
        return Merge(hash, lane4);
    }

    private static ulong Round(ulong lane, ulong input) => BitOperations.RotateLeft(lane + (input * Prime2), 31) * Prime1;

    private static ulong Merge(ulong hash, ulong lane) => ((hash ^ Round(0, lane)) * Prime1) + Prime4;
}
