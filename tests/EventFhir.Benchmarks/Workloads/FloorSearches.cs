using System.Buffers;
using System.Collections.Immutable;
using EventFhir.Benchmarks.Load;
using EventFhir.Benchmarks.Searches;

namespace EventFhir.Benchmarks.Workloads;

/// <summary>The searches of a scenario, asked of <see cref="Floor.SearchFloor"/>.</summary>
public sealed class FloorSearches(string scenario, BaselinePlan plan, int count) : Workload
{
    private readonly ImmutableArray<byte[]> requests = [.. Enumerable.Range(0, count).Select(place => Requests.Get($"/{plan}/{scenario}/{place}"))];

    public override int Write(ArrayBufferWriter<byte> request, long number)
    {
        var tag = (int)(number % requests.Length);
        request.Write(requests[tag]);
        return tag;
    }

    public override string? Fault(int tag, long number, in HttpAnswer answer) => answer.Status == 200 ? null : $"status {answer.Status}";
}
