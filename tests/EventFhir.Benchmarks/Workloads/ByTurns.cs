using System.Buffers;
using EventFhir.Benchmarks.Load;

namespace EventFhir.Benchmarks.Workloads;

/// <summary>Two kinds of requests in turns.</summary>
public sealed class ByTurns(Workload one, Workload other) : Workload
{
    public override int Write(ArrayBufferWriter<byte> request, long number) =>
        (2 * Of(number).Write(request, number)) + (int)(number % 2);

    public override string? Fault(int tag, long number, in HttpAnswer answer) => Of(tag).Fault(tag / 2, number, answer);

    private Workload Of(long number) => number % 2 == 0 ? one : other;
}
