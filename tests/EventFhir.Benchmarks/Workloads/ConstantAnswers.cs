using System.Buffers;
using EventFhir.Benchmarks.Load;

namespace EventFhir.Benchmarks.Workloads;

/// <summary>Baseline B0: the floor's endpoints that answer a constant body, or read a body and discard it.</summary>
public sealed class ConstantAnswers(byte[] constant, int status) : Workload
{
    public static ConstantAnswers Reading() => new(Requests.Get("/b0/constant"), 200);

    public static ConstantAnswers Writing(byte[] body) => new(Requests.Post("/b0/discard", body), 201);

    public override int Write(ArrayBufferWriter<byte> request, long number)
    {
        request.Write(constant);
        return 0;
    }

    public override string? Fault(int tag, long number, in HttpAnswer answer) => answer.Status == status ? null : $"status {answer.Status}";
}
