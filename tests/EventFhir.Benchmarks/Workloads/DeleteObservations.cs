using System.Buffers;
using System.Text;
using EventFhir.Benchmarks.Data;
using EventFhir.Benchmarks.Load;

namespace EventFhir.Benchmarks.Workloads;

/// <summary>DELETE of Observations, each once.</summary>
public sealed class DeleteObservations(SampleData data) : Workload
{
    private readonly string[] ids = [.. data.Resources.Where(static resource => resource.Type == "Observation").Select(static resource => resource.Id)];
    private int next;

    public override int Write(ArrayBufferWriter<byte> request, long number)
    {
        var place = next++;
        request.Write(Encoding.ASCII.GetBytes($"DELETE /fhir/Observation/{ids[place % ids.Length]} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
        return place;
    }

    public override string? Fault(int tag, long number, in HttpAnswer answer) =>
        tag >= ids.Length ? $"only {ids.Length} Observations were loaded; ask for more --patients"
            : answer.Status != 204 ? $"status {answer.Status}"
            : answer.Header("ETag: "u8).IsEmpty ? "nothing was deleted" : null;
}
