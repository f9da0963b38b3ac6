using System.Net;
using EventFhir.Benchmarks.Data;

namespace EventFhir.Benchmarks.Scenarios;

/// <summary>Posts Bundles to a server; one that is not accepted ends the run.</summary>
public sealed class BundleSender(IPEndPoint server) : IDisposable
{
    private readonly HttpClient http = new() { BaseAddress = new Uri($"http://{server}/fhir"), Timeout = TimeSpan.FromMinutes(5) };

    public void Dispose() => http.Dispose();

    public async Task PostAsync(SampleBundle bundle)
    {
        using var content = new ByteArrayContent(bundle.Body);
        content.Headers.ContentType = new("application/fhir+json");
        using var answer = await http.PostAsync(http.BaseAddress, content);
        var text = await answer.Content.ReadAsStringAsync();
        if (answer.StatusCode is not HttpStatusCode.OK)
            throw new InvalidDataException($"{bundle.Name}: {answer.StatusCode} {text[..Math.Min(500, text.Length)]}");
    }
}
