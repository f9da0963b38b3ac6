using System.Buffers;

namespace EventFhir.Benchmarks.Load;

/// <summary>What is sent and what counts as a good answer. Used by one thread.</summary>
public abstract class Workload
{
    /// <summary>Appends a whole HTTP/1.1 request. Returns a tag that comes back with the answer.</summary>
    public abstract int Write(ArrayBufferWriter<byte> request, long number);

    /// <summary>Null when the answer is right, otherwise what is wrong with it.</summary>
    public abstract string? Fault(int tag, long number, in HttpAnswer answer);
}
