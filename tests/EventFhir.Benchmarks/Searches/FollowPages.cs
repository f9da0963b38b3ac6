using System.Buffers;
using System.Text;
using EventFhir.Benchmarks.Load;
using EventFhir.Benchmarks.Workloads;

namespace EventFhir.Benchmarks.Searches;

/// <summary>
/// Clients that follow the links to the next page to the end and begin again.
/// </summary>
public sealed class FollowPages(string path, int clients) : Workload
{
    private readonly byte[] first = Requests.Get(path);
    private readonly Reader[] readers = [.. Enumerable.Range(0, clients).Select(static _ => new Reader())];

    /// <summary>Pages of one whole reading; 0 until one has ended.</summary>
    public int Pages { get; private set; }

    /// <summary>True when no client is between two pages.</summary>
    public bool IsAtStart => Array.TrueForAll(readers, static reader => reader.Next is null);

    public override int Write(ArrayBufferWriter<byte> request, long number)
    {
        var tag = Array.FindIndex(readers, static reader => !reader.IsBusy);
        var reader = readers[tag];
        reader.IsBusy = true;
        request.Write(reader.Next ?? first);
        return tag;
    }

    public override string? Fault(int tag, long number, in HttpAnswer answer)
    {
        var reader = readers[tag];
        reader.IsBusy = false;
        reader.Depth++;
        if (answer.Status != 200) return $"status {answer.Status}: {Encoding.UTF8.GetString(answer.Body[..Math.Min(answer.Body.Length, 400)])}";
        reader.Next = NextOf(answer.Body);
        if (reader.Next is not null) return null;
        var isWhole = Pages == 0 || Pages == reader.Depth;
        Pages = reader.Depth;
        reader.Depth = 0;
        return isWhole ? null : "two readings have different numbers of pages";
    }

    /// <summary>The request for the page after this one; null on the last.</summary>
    private static byte[]? NextOf(ReadOnlySpan<byte> body)
    {
        var mark = "\"relation\":\"next\",\"url\":\""u8;
        var start = body.IndexOf(mark);
        if (start < 0) return null;
        var url = body[(start + mark.Length)..];
        url = url[..url.IndexOf((byte)'"')];
        return Requests.Get(Encoding.UTF8.GetString(url[url.IndexOf("/fhir/"u8)..]));
    }

    private sealed class Reader
    {
        public bool IsBusy { get; set; }

        public int Depth { get; set; }

        public byte[]? Next { get; set; }
    }
}
