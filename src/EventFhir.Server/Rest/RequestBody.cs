using System.Buffers;

using EventFhir.Core;
using EventFhir.Model;

namespace EventFhir.Server.Rest;

/// <summary>
/// The body of a request in a pooled buffer; disposing it gives the buffer back, so nothing that is kept may point into it.
/// Kestrel refuses what is longer than <see cref="Limits.BodyBytesMax"/>, or for a Bundle <see cref="Limits.BundleBytesMax"/>, while it is read.
/// </summary>
public readonly struct RequestBody : IDisposable
{
    private readonly byte[] buffer;

    private RequestBody(byte[] buffer, int length) => (this.buffer, Json) = (buffer, buffer.AsMemory(0, length));

    public ReadOnlyMemory<byte> Json { get; }

    public static async ValueTask<RequestBody> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
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
            var count = await request.Body.ReadAsync(buffer.AsMemory(length), cancellationToken);
            if (count == 0) return new RequestBody(buffer, length);
            length += count;
        }
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);

    // One byte more than the body, so that its end shows without a larger buffer.
    private static int LengthOf(HttpRequest request) =>
        request.ContentLength is { } length and > 0 and <= Limits.BundleBytesMax ? (int)length + 1 : 4096;
}
