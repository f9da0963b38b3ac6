using System.Buffers;
using System.Collections.Concurrent;

namespace EventFhir.Server.Rest.Feed;

/// <summary>Pages are made in buffers that are used again: each anew would be a large object for the garbage collector.</summary>
internal static class FeedBuffers
{
    private const int KeptMax = 8;
    private const int KeptBytesMax = 8 << 20;
    private const int FirstBytes = 256 * 1024;
    private static readonly ConcurrentBag<ArrayBufferWriter<byte>> Kept = [];

    public static ArrayBufferWriter<byte> Rent() => Kept.TryTake(out var buffer) ? buffer : new ArrayBufferWriter<byte>(FirstBytes);

    public static void Return(ArrayBufferWriter<byte> buffer)
    {
        if (buffer.Capacity > KeptBytesMax || Kept.Count >= KeptMax) return;
        buffer.ResetWrittenCount();
        Kept.Add(buffer);
    }
}
