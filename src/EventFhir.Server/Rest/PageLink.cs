using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace EventFhir.Server.Rest;

/// <summary>
/// Seals what a page link has to carry, so that clients neither read nor change it: base64url of the text and 128 bits of HMAC-SHA-256.
/// The key is the same on every node and after a restart, so links stay good.
/// </summary>
public sealed class PageLink
{
    private const int SealBytes = 16;
    private readonly byte[] key;

    /// <param name="secret">The configured secret, or what nodes share anyway: the connection string with its password.</param>
    public PageLink(string secret) => key = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), "EventFhir page links, 1"u8);

    public string Seal(string text)
    {
        var content = Encoding.UTF8.GetBytes(text);
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
        text = Encoding.UTF8.GetString(content);
        return true;
    }

    private byte[] SealOf(ReadOnlySpan<byte> content) => HMACSHA256.HashData(key, content)[..SealBytes];
}
