using System.Collections.Immutable;
using System.IO.Compression;

using Microsoft.Extensions.Primitives;

namespace EventFhir.Server.Formats;

/// <summary>Compression of bodies (RFC 9110, 8.4): gzip and br, for answers as the client accepts it, for requests as it says.</summary>
public sealed class ContentCoding
{
    /// <summary>Less gains nothing: it fits into one packet as it is.</summary>
    private const int AnswerBytesMin = 1024;

    private static readonly ContentCoding Gzip = new("gzip");
    private static readonly ContentCoding Brotli = new("br");

    private ContentCoding(string name) => Name = name;

    /// <summary>As it stands in Content-Encoding.</summary>
    public string Name { get; }

    /// <summary>The coding for an answer of this length: what the client likes best, br before gzip; null for none.</summary>
    public static ContentCoding? Choose(StringValues acceptEncoding, long length)
    {
        if (acceptEncoding.Count == 0 || length < AnswerBytesMin) return null;
        var (best, quality) = ((ContentCoding?)null, 0);
        foreach (var part in acceptEncoding.ToString().Split(','))
        {
            // An entry is written as that of Accept is: a name, and a quality.
            if (!MediaType.TryParse(part, out var named) || Find(named.Name) is not { } coding) continue;
            if (named.Quality > quality || (named.Quality == quality && quality > 0 && coding == Brotli)) (best, quality) = (coding, named.Quality);
        }
        return best;
    }

    /// <summary>Null if the server does not read it.</summary>
    public static ContentCoding? Find(string name) => name.ToLowerInvariant() switch
    {
        "gzip" or "x-gzip" => Gzip,
        "br" => Brotli,
        _ => null,
    };

    public ReadOnlyMemory<byte> Encode(ImmutableArray<ReadOnlyMemory<byte>> parts)
    {
        var encoded = new MemoryStream();
        using (Stream encoder = this == Brotli
            ? new BrotliStream(encoded, CompressionLevel.Fastest, leaveOpen: true)
            : new GZipStream(encoded, CompressionLevel.Fastest, leaveOpen: true))
            foreach (var part in parts) encoder.Write(part.Span);
        return encoded.GetBuffer().AsMemory(0, (int)encoded.Length);
    }

    public Stream Decode(Stream body) =>
        this == Brotli ? new BrotliStream(body, CompressionMode.Decompress) : new GZipStream(body, CompressionMode.Decompress);
}
