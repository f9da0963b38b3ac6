using System.Buffers;

using EventFhir.Core;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Model.Xml;
using EventFhir.Server.Formats;

using Microsoft.AspNetCore.Http.Features;

namespace EventFhir.Server.Rest;

/// <summary>
/// The body of a request in a pooled buffer; disposing it gives the buffer back, so nothing that is kept may point into it.
/// Kestrel refuses what is longer than <see cref="Limits.BodyBytesMax"/>, or for a Bundle <see cref="Limits.BundleBytesMax"/>, while it is
/// read. XML becomes JSON here, so that all behind it knows JSON only.
/// </summary>
public readonly struct RequestBody : IDisposable
{
    private readonly byte[]? buffer;

    private RequestBody(byte[] buffer, int length) => (this.buffer, Json) = (buffer, buffer.AsMemory(0, length));

    private RequestBody(ReadOnlyMemory<byte> json, Refusal? refusal) => (Json, Refusal) = (json, refusal);

    public ReadOnlyMemory<byte> Json { get; }

    /// <summary>Why a body of XML cannot be put as JSON; null if there is nothing to say against it.</summary>
    public Refusal? Refusal { get; }

    public static async ValueTask<RequestBody> ReadAsync(HttpRequest request, Release release, CancellationToken cancellationToken)
    {
        var body = await ReadAsItIsAsync(request, cancellationToken);
        if (!Negotiation.IsXml(request.ContentType)) return body;
        using (body) return FromXml(request.HttpContext, body.Json, release);
    }

    /// <summary>The places in the XML become a feature of the request, by which the answer names them.</summary>
    private static RequestBody FromXml(HttpContext http, ReadOnlyMemory<byte> xml, Release release)
    {
        var (json, places, issues) = ResourceXmlReader.Translate(xml, release);
        if (issues.IsEmpty)
        {
            http.Features.Set(places);
            return new RequestBody(json, refusal: null);
        }
        var read = ResourceXmlReader.Read(xml, release);
        var kind = read.Verdict is ReadVerdict.NotFhir ? RefusalKind.BadRequest : RefusalKind.Unprocessable;
        return new RequestBody(default, new Refusal(kind, read.Issues));
    }

    /// <summary>The text as it was sent, but for its compression.</summary>
    /// <exception cref="BadHttpRequestException">It is too long, or not compressed as its headers say.</exception>
    public static async ValueTask<RequestBody> ReadAsItIsAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (ContentCoding.Find(request.Headers.ContentEncoding.ToString()) is not { } coding)
            return await ReadAsync(request, request.Body, long.MaxValue, cancellationToken);
        await using var decoded = coding.Decode(request.Body);
        var lengthMax = request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize ?? Limits.BodyBytesMax;
        try
        {
            return await ReadAsync(request, decoded, lengthMax, cancellationToken);
        }
        catch (InvalidDataException exception)
        {
            throw new BadHttpRequestException("The body is not compressed as its Content-Encoding says.", exception);
        }
    }

    /// <param name="lengthMax">What the connection does not count itself: the bytes after decompression.</param>
    private static async ValueTask<RequestBody> ReadAsync(HttpRequest request, Stream body, long lengthMax, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(LengthOf(request));
        var length = 0;
        while (true)
        {
            if (length == buffer.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                buffer.CopyTo(larger, 0);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = larger;
            }
            var count = await body.ReadAsync(buffer.AsMemory(length), cancellationToken);
            if (count == 0) return new RequestBody(buffer, length);
            length += count;
            if (length > lengthMax)
                throw new BadHttpRequestException("The body is too long when it is decompressed.", StatusCodes.Status413PayloadTooLarge);
        }
    }

    public void Dispose()
    {
        if (buffer is not null) ArrayPool<byte>.Shared.Return(buffer);
    }

    // One byte more than the body, so that its end shows without a larger buffer.
    private static int LengthOf(HttpRequest request) =>
        request.ContentLength is { } length and > 0 and <= Limits.BundleBytesMax ? (int)length + 1 : 4096;
}
