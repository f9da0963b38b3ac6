using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using EventFhir.Benchmarks.Load;

namespace EventFhir.Benchmarks.Workloads;

public enum AnswersOverTime { MayDiffer, AreTheSame }

/// <summary>GET of random URLs; where answers never change, what was answered first is what has to come every time.</summary>
public sealed class ReadTheSame(ImmutableArray<string> urls, AnswersOverTime answers) : Workload
{
    private readonly Random random = new(29);
    private readonly byte[][] requests = [.. urls.Select(Requests.Get)];
    private readonly string?[] first = new string?[urls.Length];

    public override int Write(ArrayBufferWriter<byte> request, long number)
    {
        var tag = random.Next(requests.Length);
        request.Write(requests[tag]);
        return tag;
    }

    public override string? Fault(int tag, long number, in HttpAnswer answer)
    {
        if (answer.Status != 200) return $"status {answer.Status}, not 200: {Encoding.UTF8.GetString(answer.Body)}";
        if (answers is AnswersOverTime.MayDiffer) return null;
        var text = Encoding.UTF8.GetString(answer.Body);
        first[tag] ??= text;
        return first[tag] == text ? null : "another answer than before";
    }
}
