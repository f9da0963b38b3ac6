using System.Text;

namespace EventFhir.Benchmarks.Data;

/// <summary>A resource of the data set: minified JSON that starts with <c>{"resourceType":"…","id":"…"</c>.</summary>
public sealed record SampleResource(string Type, string Id, byte[] Body)
{
    /// <summary>The body as a client sends it to be created: without an id.</summary>
    public byte[] BodyWithoutId()
    {
        var id = Encoding.UTF8.GetBytes($",\"id\":\"{Id}\"");
        var start = Body.AsSpan().IndexOf(id);
        if (start < 0) return Body;
        return [.. Body.AsSpan(0, start), .. Body.AsSpan(start + id.Length)];
    }
}
