using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using EventFhir.Benchmarks.Load;

namespace EventFhir.Benchmarks.Workloads;

/// <summary>GET of a random version of random Observations that have several.</summary>
public sealed class ReadVersions : Workload
{
    private readonly Random random = new(23);
    private readonly (byte[] Request, int Version)[] requests;

    public ReadVersions(ImmutableArray<(string Id, int Version)> observations)
    {
        requests = [.. observations.Where(static observation => observation.Version > 1).SelectMany(static observation =>
            Enumerable.Range(1, observation.Version).Select(version =>
                (Requests.Get($"/fhir/Observation/{observation.Id}/_history/{version}"), version)))];
    }

    public override int Write(ArrayBufferWriter<byte> request, long number)
    {
        var tag = random.Next(requests.Length);
        request.Write(requests[tag].Request);
        return tag;
    }

    public override string? Fault(int tag, long number, in HttpAnswer answer)
    {
        if (answer.Status != 200) return $"status {answer.Status}, not 200: {Encoding.UTF8.GetString(answer.Body)}";
        return answer.Header("ETag: "u8).SequenceEqual(Encoding.ASCII.GetBytes($"W/\"{requests[tag].Version}\"")) ? null : "another version's ETag";
    }
}
