using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EventFhir.Benchmarks.Load;

namespace EventFhir.Benchmarks.Workloads;

/// <summary>Every answer's status is checked, and the body of every 512th: all that was sent must be in it.</summary>
public static class AnswerCheck
{
    private const int SampledEach = 512;

    public static bool IsSampled(long number) => number % SampledEach == 0;

    /// <param name="expected">What was sent, or stored before; looked at only for a sampled number.</param>
    public static string? Fault(in HttpAnswer answer, int status, long number, byte[] expected)
    {
        if (answer.Status != status)
            return $"status {answer.Status}, not {status}: {Encoding.UTF8.GetString(answer.Body[..Math.Min(answer.Body.Length, 600)])}";
        if (!IsSampled(number)) return null;
        try
        {
            var found = JsonNode.Parse(Unpacked(answer))!.AsObject();
            if (found["id"] is null) return "the answer has no id";
            return Same(found, JsonNode.Parse(expected)!.AsObject()) ? null : "the body is not what was sent";
        }
        catch (JsonException exception)
        {
            return $"the body is not JSON: {exception.Message}";
        }
    }

    private static ReadOnlySpan<byte> Unpacked(in HttpAnswer answer)
    {
        if (answer.Header("Content-Encoding: "u8).IsEmpty) return answer.Body;
        using var packed = new GZipStream(new MemoryStream(answer.Body.ToArray()), CompressionMode.Decompress);
        using var body = new MemoryStream();
        packed.CopyTo(body);
        return body.ToArray();
    }

    /// <summary>Equal but for what the server sets: id, and versionId and lastUpdated of meta.</summary>
    private static bool Same(JsonObject found, JsonObject expected) => JsonNode.DeepEquals(Plain(found), Plain(expected));

    private static JsonObject Plain(JsonObject resource)
    {
        resource.Remove("id");
        if (resource["meta"] is not JsonObject meta) return resource;
        meta.Remove("versionId");
        meta.Remove("lastUpdated");
        if (meta.Count == 0) resource.Remove("meta");
        return resource;
    }
}
