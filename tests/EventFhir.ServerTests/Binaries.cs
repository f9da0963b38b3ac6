using System.Net.Http.Headers;
using System.Text;

using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>Binary as a resource and as what it holds (R4 binary.html#rest).</summary>
public sealed class Binaries(RunningServer server) : IClassFixture<RunningServer>
{
    private static readonly byte[] Pdf = [.. "%PDF-1.7\n"u8, 0, 0xFF, 0x80];

    [Fact]
    public async Task Content_goes_in_and_comes_out_in_its_own_type()
    {
        var created = await SendAsync("POST", "Binary", Pdf, "application/pdf", "Patient/emmy");
        Assert.Equal((201, "Binary"), (created.Status, (string?)created.Json["resourceType"]));
        Assert.Equal("application/pdf", (string?)created.Json["contentType"]);
        Assert.Equal("Patient/emmy", (string?)created.Json["securityContext"]!["reference"]);
        Assert.Equal(Pdf, Convert.FromBase64String((string)created.Json["data"]!));

        foreach (var (path, accept) in new[] { ("", "application/pdf"), ("", "*/*"), ("", "text/html, */*;q=0.1"), ("/_history/1", "image/png") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"Binary/{created.Id}{path}");
            request.Headers.Accept.ParseAdd(accept);
            using var content = await server.Http.SendAsync(request);
            Assert.Equal("application/pdf", content.Content.Headers.ContentType!.ToString());
            Assert.Equal(Pdf, await content.Content.ReadAsByteArrayAsync());
            Assert.Equal("W/\"1\"", content.Headers.ETag!.ToString());
            Assert.Equal("Patient/emmy", content.Headers.GetValues("X-Security-Context").Single());
            Assert.Contains("sandbox", content.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("application/fhir+json", "")]
    [InlineData("application/json", "")]
    [InlineData("application/fhir+xml", "")]
    [InlineData("application/pdf", "?_format=json")]
    public async Task Who_asks_for_fhir_gets_the_resource(string accept, string query)
    {
        var id = (await SendAsync("POST", "Binary", Pdf, "application/pdf")).Id;
        var read = await server.GetAsync($"Binary/{id}{query}", $"Accept: {accept}");
        Assert.Equal(200, read.Status);
        Assert.Contains(Convert.ToBase64String(Pdf), read.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_update_takes_content_and_resources_alike()
    {
        var id = Sample.Id();
        Assert.Equal(201, (await SendAsync("PUT", $"Binary/{id}", Pdf, "application/pdf")).Status);
        var resource = $$"""{"resourceType":"Binary","id":"{{id}}","contentType":"text/plain; charset=utf-8","data":"aGk="}""";
        Assert.Equal(200, (await SendAsync("PUT", $"Binary/{id}", Encoding.UTF8.GetBytes(resource), "application/fhir+json")).Status);
        var text = await server.GetAsync($"Binary/{id}");
        Assert.Equal(("hi", "text/plain; charset=utf-8"), (text.Text, text.Headers["Content-Type"]));
    }

    [Theory]
    [InlineData("application/fhir+json", "{\"resourceType\":\"Patient\",\"active\":true}")]
    [InlineData("application/json", "{\"a\":1.0}")]
    [InlineData("application/fhir+xml", "<Patient xmlns=\"http://hl7.org/fhir\"><active value=\"true\"/></Patient>")]
    [InlineData("text/csv", "a,b")]
    public async Task Another_resource_than_a_binary_is_content(string contentType, string content)
    {
        var created = await SendAsync("POST", "Binary", Encoding.UTF8.GetBytes(content), contentType);
        Assert.Equal(201, created.Status);
        var id = created.Headers["Location"].Split('/')[^3];
        var read = await server.GetAsync($"Binary/{id}", "Accept: text/plain");
        Assert.Equal((contentType, content), (read.Headers["Content-Type"], read.Text));
    }

    [Fact]
    public async Task A_binary_that_is_wrong_is_refused()
    {
        (await server.PostAsync("Binary", "{\"resourceType\":\"Binary\",\"data\":\"aGk=\"}")).IsRefused(422);
        (await server.PostAsync("Binary", "{")).IsRefused(400);
        (await server.GetAsync("Binary/nobody")).IsRefused(404);
    }

    private async Task<HttpAnswer> SendAsync(string method, string path, byte[] body, string contentType, string? securityContext = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        if (securityContext is not null) request.Headers.Add("X-Security-Context", securityContext);
        using var response = await server.Http.SendAsync(request);
        return await HttpAnswer.ReadAsync(response);
    }
}
