using System.Buffers;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using EventFhir.Benchmarks.Load;
using EventFhir.Benchmarks.Workloads;

namespace EventFhir.Benchmarks.Searches;

/// <summary>
/// Sends the drawn searches one after the other. Of each answer status and Bundle are checked, and where they are known the ids.
/// </summary>
/// <param name="expected">By place in the cases: the ids, in any order, or the total of a count.</param>
public sealed class SearchRequests(ImmutableArray<SearchCase> cases, FrozenDictionary<int, ImmutableArray<string>> expected) : Workload
{
    private readonly byte[][] requests = [.. cases.Select(static search => Requests.Get(search.Path))];

    public override int Write(ArrayBufferWriter<byte> request, long number)
    {
        var tag = (int)(number % requests.Length);
        request.Write(requests[tag]);
        return tag;
    }

    public override string? Fault(int tag, long number, in HttpAnswer answer)
    {
        if (answer.Status != 200)
            return $"{cases[tag].Path}: status {answer.Status}: {Encoding.UTF8.GetString(answer.Body[..Math.Min(answer.Body.Length, 400)])}";
        if (!answer.Body.StartsWith("{\"resourceType\":\"Bundle\",\"type\":\"searchset\""u8)) return $"{cases[tag].Path}: no searchset";
        return expected.TryGetValue(tag, out var ids) ? Difference(cases[tag].Path, answer.Body, ids) : null;
    }

    private static string? Difference(string path, ReadOnlySpan<byte> body, ImmutableArray<string> expected)
    {
        var bundle = JsonElement.Parse(body);
        var found = bundle.TryGetProperty("entry", out var entries)
            ? entries.EnumerateArray().Select(static entry => entry.GetProperty("resource").GetProperty("id").GetString()!).ToHashSet()
            : [];
        if (found.Count == 0 && expected is [var count] && bundle.At("total") is { } total && total.GetRawText() == count) return null;
        return found.SetEquals(expected) ? null : $"{path}: {found.Count} resources, but SQL finds {expected.Length}, or others";
    }
}
