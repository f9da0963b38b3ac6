using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace EventFhir.Core.Proof;

/// <summary>One file of an archive.</summary>
/// <param name="Path">With slashes, ASCII.</param>
public sealed record PackFile(string Path, ReadOnlyMemory<byte> Content)
{
    public static PackFile OfText(string path, string text) => new(path, Encoding.UTF8.GetBytes(text));
}

/// <summary>
/// A zip archive with exactly one form: nothing compressed, no dates, no comments, nothing between the files. So a verifier can hold every byte
/// of it against the content.
/// </summary>
public static class StoredZip
{
    private const uint LocalHeader = 0x04034b50;
    private const uint DirectoryHeader = 0x02014b50;
    private const uint DirectoryEnd = 0x06054b50;
    private const ushort Version = 20;

    // 1 January 1980, the first day there is.
    private const ushort Date = 0x21;

    private static readonly uint[] CrcTable = MakeCrcTable();

    public static byte[] Write(ImmutableArray<PackFile> files)
    {
        using var zip = new MemoryStream();
        using var directory = new MemoryStream();
        foreach (var file in files)
        {
            var offset = (uint)zip.Length;
            var name = Encoding.ASCII.GetBytes(file.Path);
            var facts = FactsOf(file, name.Length);
            Write(zip, LocalHeader);
            zip.Write(facts);
            zip.Write(name);
            zip.Write(file.Content.Span);

            Write(directory, DirectoryHeader);
            directory.Write([(byte)Version, 0]);
            directory.Write(facts);
            // No comment, first disk, no attributes.
            directory.Write(new byte[10]);
            Write(directory, offset);
            directory.Write(name);
        }
        var end = new byte[18];
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(4), (ushort)files.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(6), (ushort)files.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(8), (uint)directory.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(12), (uint)zip.Length);
        directory.WriteTo(zip);
        Write(zip, DirectoryEnd);
        zip.Write(end);
        return zip.ToArray();
    }

    /// <summary>What the local header and the directory both say, 26 bytes.</summary>
    private static byte[] FactsOf(PackFile file, int nameBytes)
    {
        var facts = new byte[26];
        BinaryPrimitives.WriteUInt16LittleEndian(facts, Version);
        BinaryPrimitives.WriteUInt16LittleEndian(facts.AsSpan(8), Date);
        BinaryPrimitives.WriteUInt32LittleEndian(facts.AsSpan(10), CrcOf(file.Content.Span));
        BinaryPrimitives.WriteUInt32LittleEndian(facts.AsSpan(14), (uint)file.Content.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(facts.AsSpan(18), (uint)file.Content.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(facts.AsSpan(22), (ushort)nameBytes);
        return facts;
    }

    private static void Write(MemoryStream stream, uint number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, number);
        stream.Write(bytes);
    }

    private static uint CrcOf(ReadOnlySpan<byte> content)
    {
        var crc = uint.MaxValue;
        foreach (var octet in content) crc = CrcTable[(crc ^ octet) & 0xff] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[] MakeCrcTable()
    {
        var table = new uint[256];
        for (var i = 0u; i < 256; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) == 1 ? 0xedb88320 ^ (crc >> 1) : crc >> 1;
            table[i] = crc;
        }
        return table;
    }
}
