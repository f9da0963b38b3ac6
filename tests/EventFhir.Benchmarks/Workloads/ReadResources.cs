using System.Buffers;
using EventFhir.Benchmarks.Data;
using EventFhir.Benchmarks.Load;

namespace EventFhir.Benchmarks.Workloads;

/// <summary>GET of random resources of the data set, in their natural mix.</summary>
public sealed class ReadResources(SampleData data) : Workload
{
    private readonly Random random = new(17);
    private readonly byte[][] requests = [.. data.Resources.Select(static resource => Requests.Get($"/fhir/{resource.Type}/{resource.Id}"))];

    public override int Write(ArrayBufferWriter<byte> request, long number)
    {
        var tag = random.Next(requests.Length);
        request.Write(requests[tag]);
        return tag;
    }

    public override string? Fault(int tag, long number, in HttpAnswer answer) =>
        AnswerCheck.Fault(answer, 200, number, data.Resources[tag].Body);
}
