using System.Buffers.Text;

namespace EventFhir.Benchmarks.Load;

/// <summary>One HTTP/1.1 response inside the receive buffer; chunked bodies are joined in place.</summary>
public readonly ref struct HttpAnswer
{
    private HttpAnswer(int status, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        Status = status;
        Head = head;
        Body = body;
    }

    public int Status { get; }

    /// <summary>Status line and headers, with the last line break.</summary>
    public ReadOnlySpan<byte> Head { get; }

    public ReadOnlySpan<byte> Body { get; }

    /// <summary>The value of a header, whose name is given in its usual spelling with colon and space, for example <c>ETag: </c>.</summary>
    public ReadOnlySpan<byte> Header(ReadOnlySpan<byte> name) => HeaderIn(Head, name);

    /// <summary>False when the buffer does not yet hold the whole answer.</summary>
    public static bool TryRead(Span<byte> buffer, out HttpAnswer answer, out int length)
    {
        answer = default;
        length = 0;
        var headLength = buffer.IndexOf("\r\n\r\n"u8);
        if (headLength < 0) return false;
        ReadOnlySpan<byte> head = buffer[..(headLength + 2)];
        if (!Utf8Parser.TryParse(head[9..], out int status, out _)) throw new InvalidDataException("The answer is not HTTP/1.1.");
        var bodyStart = headLength + 4;
        var announced = HeaderIn(head, "Content-Length: "u8);
        var bodyLength = 0;
        if (!announced.IsEmpty)
        {
            if (!Utf8Parser.TryParse(announced, out bodyLength, out _)) throw new InvalidDataException("Content-Length is not a number.");
            length = bodyStart + bodyLength;
            if (length > buffer.Length) return false;
        }
        else if (!HeaderIn(head, "Transfer-Encoding: "u8).IsEmpty)
        {
            if (!TryJoinChunks(buffer[bodyStart..], out bodyLength, out var chunksLength)) return false;
            length = bodyStart + chunksLength;
        }
        else
        {
            length = bodyStart;
        }

        answer = new HttpAnswer(status, head, buffer.Slice(bodyStart, bodyLength));
        return true;
    }

    private static ReadOnlySpan<byte> HeaderIn(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name)
    {
        var start = head.IndexOf(name);
        if (start < 0) return default;
        var value = head[(start + name.Length)..];
        return value[..value.IndexOf((byte)'\r')];
    }

    private static bool TryJoinChunks(Span<byte> buffer, out int bodyLength, out int chunksLength)
    {
        bodyLength = 0;
        if (!HoldsAllChunks(buffer, out chunksLength)) return false;
        var position = 0;
        while (ReadChunkSize(buffer, position, out var dataStart) is > 0 and var size)
        {
            buffer.Slice(dataStart, size).CopyTo(buffer[bodyLength..]);
            bodyLength += size;
            position = dataStart + size + 2;
        }

        return true;
    }

    private static bool HoldsAllChunks(ReadOnlySpan<byte> buffer, out int chunksLength)
    {
        chunksLength = 0;
        while (true)
        {
            var size = ReadChunkSize(buffer, chunksLength, out var dataStart);
            if (size < 0) return false;
            chunksLength = dataStart + size + 2;
            if (chunksLength > buffer.Length) return false;
            if (size == 0) return true;
        }
    }

    private static int ReadChunkSize(ReadOnlySpan<byte> buffer, int position, out int dataStart)
    {
        dataStart = 0;
        var line = buffer[position..];
        var end = line.IndexOf("\r\n"u8);
        if (end < 0 || !Utf8Parser.TryParse(line[..end], out int size, out _, 'x')) return -1;
        dataStart = position + end + 2;
        return size;
    }
}
