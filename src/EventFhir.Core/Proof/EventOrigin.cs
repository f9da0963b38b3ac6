using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EventFhir.Core.Proof;

/// <summary>
/// Who made an event, and why: names and values, absent ones left out. A leaf has its hash only. The hash begins with the id of the event, so that
/// two events of one person do not look alike.
/// </summary>
/// <param name="Facts">In the order in which they are hashed; a name that is added later stands behind the others.</param>
public sealed record EventOrigin(Guid EventId, ImmutableArray<KeyValuePair<string, string>> Facts)
{
    private const int IdBytes = 36;
    private const int NumberBytesMax = 10;

    public TreeHash Hash()
    {
        var bytes = ArrayPool<byte>.Shared.Rent(BytesMax);
        Span<byte> hash = stackalloc byte[TreeHash.Bytes];
        SHA256.HashData(bytes.AsSpan(0, Write(bytes)), hash);
        ArrayPool<byte>.Shared.Return(bytes);
        return TreeHash.Read(hash);
    }

    /// <summary>The text that is hashed: the id and a line feed, then for each fact the name, a space, the bytes of the value in decimal, a line
    /// feed, the value and a line feed.</summary>
    public override string ToString()
    {
        var bytes = new byte[BytesMax];
        return Encoding.UTF8.GetString(bytes, 0, Write(bytes));
    }

    private int BytesMax
    {
        get
        {
            var size = IdBytes + 1;
            foreach (var (name, value) in Facts) size += name.Length + NumberBytesMax + 3 + Encoding.UTF8.GetMaxByteCount(value.Length);
            return size;
        }
    }

    private int Write(Span<byte> bytes)
    {
        EventId.TryFormat(bytes, out var written, "D");
        bytes[written++] = (byte)'\n';
        foreach (var (name, value) in Facts)
        {
            written += Encoding.ASCII.GetBytes(name, bytes[written..]);
            bytes[written++] = (byte)' ';
            Encoding.UTF8.GetByteCount(value).TryFormat(bytes[written..], out var digits, default, CultureInfo.InvariantCulture);
            written += digits;
            bytes[written++] = (byte)'\n';
            written += Encoding.UTF8.GetBytes(value, bytes[written..]);
            bytes[written++] = (byte)'\n';
        }
        return written;
    }
}
