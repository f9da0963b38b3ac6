using System.Buffers.Binary;
using System.Buffers.Text;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace EventFhir.Server.Rest;

/// <summary>
/// Seals what a page link has to carry, so that clients neither read nor change it: base64url of the text and 128 bits of HMAC-SHA-256. A long
/// text is compressed, for the link has to fit into a request line however long the form was that began the search.
/// The key is the same on every node and after a restart, so links stay good.
/// </summary>
public sealed class PageLink
{
    private const int SealBytes = 16;

    /// <summary>What is shorter gains nothing.</summary>
    private const int CompressedBytesMin = 512;
    private readonly byte[] key;

    /// <param name="secret">The configured secret, or what nodes share anyway: the connection string with its password.</param>
    public PageLink(string secret) => key = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), "EventFhir page links, 2"u8);

    public string Seal(string text)
    {
        var content = Pack(Encoding.UTF8.GetBytes(text));
        return Base64Url.EncodeToString([.. SealOf(content), .. content]);
    }

    /// <summary>False if the token was not sealed with this key.</summary>
    public bool TryOpen(string token, out string text)
    {
        text = "";
        if (!Base64Url.IsValid(token)) return false;
        var bytes = Base64Url.DecodeFromChars(token);
        if (bytes.Length < SealBytes) return false;
        var content = bytes.AsSpan(SealBytes);
        if (!CryptographicOperations.FixedTimeEquals(SealOf(content), bytes.AsSpan(0, SealBytes))) return false;
        text = Unpack(content);
        return true;
    }

    /// <summary>The length of the text if it is compressed, else 0, in four bytes; then the text.</summary>
    private static byte[] Pack(byte[] text)
    {
        var packed = new byte[sizeof(int) + BrotliEncoder.GetMaxCompressedLength(text.Length)];
        if (text.Length >= CompressedBytesMin && BrotliEncoder.TryCompress(text, packed.AsSpan(sizeof(int)), out var length, quality: 5, window: 18))
        {
            BinaryPrimitives.WriteInt32LittleEndian(packed, text.Length);
            return packed[..(sizeof(int) + length)];
        }
        text.CopyTo(packed, sizeof(int));
        return packed[..(sizeof(int) + text.Length)];
    }

    private static string Unpack(ReadOnlySpan<byte> packed)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(packed);
        if (length == 0) return Encoding.UTF8.GetString(packed[sizeof(int)..]);
        var text = new byte[length];
        return BrotliDecoder.TryDecompress(packed[sizeof(int)..], text, out var written) && written == length
            ? Encoding.UTF8.GetString(text)
            : throw new InvalidDataException("A page link that this server sealed cannot be read.");
    }

    private byte[] SealOf(ReadOnlySpan<byte> content) => HMACSHA256.HashData(key, content)[..SealBytes];
}
