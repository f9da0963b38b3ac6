using System.Buffers.Text;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace EventFhir.Benchmarks.Data;

/// <summary>
/// Makes a population several times as large: each copy k has every id replaced by UUIDv5(namespace, id + ":" + k), in the resources' own ids, in
/// references and in identifiers, so that copies are patients of their own. What patients share (organizations, practitioners, places) is not copied.
/// </summary>
public static class ClonedPopulation
{
    private const int IdLength = 36;
    private static readonly Guid Namespace = new("6f1c9a52-0d5e-4b0a-9a54-3f1b6d2c7e10");
    private static readonly HashSet<string> Shared = new(StringComparer.Ordinal) { "Organization", "Practitioner", "PractitionerRole", "Location" };

    /// <summary>Writes the resources of one folder of NDJSON, and their copies, into another: one file per type.</summary>
    /// <param name="times">How often each copied resource occurs in the end.</param>
    /// <returns>How many resources were written.</returns>
    public static long Write(string source, string target, int times)
    {
        Directory.CreateDirectory(target);
        var files = Directory.EnumerateFiles(source, "*.ndjson*").Order(StringComparer.Ordinal).ToList();
        var ids = files.Where(static path => !IsShared(path)).SelectMany(Lines).Select(IdOf).ToHashSet();
        long written = 0;
        foreach (var path in files)
        {
            using var file = new BufferedStream(File.Create(Path.Combine(target, $"{TypeOf(path)}.ndjson")), 1 << 20);
            for (var copy = 0; copy < (IsShared(path) ? 1 : times); copy++)
            {
                var renamed = copy == 0 ? [] : Renamed(ids, copy);
                foreach (var line in Lines(path))
                {
                    Rename(line, renamed);
                    file.Write(line);
                    file.WriteByte((byte)'\n');
                    written++;
                }
            }
        }
        return written;
    }

    private static Dictionary<Guid, byte[]> Renamed(HashSet<Guid> ids, int copy)
    {
        var renamed = new Dictionary<Guid, byte[]>(ids.Count);
        foreach (var id in ids) renamed[id] = Encoding.ASCII.GetBytes(Copy(id, copy).ToString());
        return renamed;
    }

    /// <summary>RFC 4122, 4.3: version 5 of the name "id:k".</summary>
    private static Guid Copy(Guid id, int copy)
    {
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // A UUID of version 5 is made with SHA-1; nothing is protected by it.
        SHA1.HashData([.. Namespace.ToByteArray(bigEndian: true), .. Encoding.ASCII.GetBytes(FormattableString.Invariant($"{id}:{copy}"))], hash);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }

    /// <summary>In place, since old and new ids are equally long.</summary>
    private static void Rename(byte[] line, Dictionary<Guid, byte[]> renamed)
    {
        if (renamed.Count == 0) return;
        for (var position = 8; position + IdLength - 8 <= line.Length; position++)
        {
            var dash = line.AsSpan(position).IndexOf((byte)'-');
            if (dash < 0) return;
            position += dash;
            if (position + IdLength - 8 > line.Length) return;
            var place = line.AsSpan(position - 8, IdLength);
            if (!Utf8Parser.TryParse(place, out Guid id, out var length) || length != IdLength || !renamed.TryGetValue(id, out var other)) continue;
            other.CopyTo(place);
            position += IdLength - 9;
        }
    }

    private static IEnumerable<byte[]> Lines(string path)
    {
        using var file = File.OpenRead(path);
        using var reader = new StreamReader(path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file);
        while (reader.ReadLine() is { } line)
            if (line.Length > 0) yield return Encoding.UTF8.GetBytes(line);
    }

    private static Guid IdOf(byte[] line)
    {
        var mark = "\"id\":\""u8;
        var start = line.AsSpan().IndexOf(mark) + mark.Length;
        return Utf8Parser.TryParse(line.AsSpan(start), out Guid id, out _) ? id : throw new InvalidDataException("Only resources whose ids are UUIDs can be copied.");
    }

    private static bool IsShared(string path) => Shared.Contains(TypeOf(path));

    private static string TypeOf(string path) => Path.GetFileName(path).Split('.')[0];
}
