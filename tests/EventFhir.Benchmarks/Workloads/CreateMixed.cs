using System.Buffers;
using EventFhir.Benchmarks.Data;
using EventFhir.Benchmarks.Load;

namespace EventFhir.Benchmarks.Workloads;

/// <summary>POST of the data set's resources in random order, hence in their natural mix of types and sizes.</summary>
public sealed class CreateMixed(SampleData data) : Workload
{
    private const int RequestCount = 5_000;

    private readonly (byte[] Request, byte[] Body)[] requests = Prepare(data);

    public override int Write(ArrayBufferWriter<byte> request, long number)
    {
        var tag = (int)(number % requests.Length);
        request.Write(requests[tag].Request);
        return tag;
    }

    public override string? Fault(int tag, long number, in HttpAnswer answer) => AnswerCheck.Fault(answer, 201, number, requests[tag].Body);

    private static (byte[], byte[])[] Prepare(SampleData data)
    {
        var random = new Random(13);
        var chosen = new (byte[], byte[])[RequestCount];
        for (var index = 0; index < chosen.Length; index++)
        {
            var resource = data.Resources[random.Next(data.Resources.Length)];
            var body = resource.BodyWithoutId();
            chosen[index] = (Requests.Post($"/fhir/{resource.Type}", body), body);
        }

        return chosen;
    }
}
