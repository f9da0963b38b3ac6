using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;

using EventFhir.Model;
using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>gzip and br, in answers and in requests (RFC 9110, 8.4).</summary>
public sealed class Compressing(RunningServer server) : IClassFixture<RunningServer>
{
    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("br", "br")]
    [InlineData("gzip, deflate, br", "br")]
    [InlineData("br;q=0.1, gzip;q=0.9", "gzip")]
    [InlineData("gzip;q=0", null)]
    [InlineData("deflate", null)]
    [InlineData("identity", null)]
    public async Task An_answer_is_compressed_as_the_client_likes_best(string accepted, string? coding)
    {
        var (name, text) = await GetAsync("metadata", accepted);
        Assert.Equal(coding, name);
        Assert.Equal((await server.GetAsync("metadata")).Text, text);
    }

    [Fact]
    public async Task A_short_answer_is_sent_as_it_is() => Assert.Null((await GetAsync("Patient/nobody", "gzip")).Coding);

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task A_request_may_be_compressed(string coding)
    {
        var created = await PostAsync("Patient", Compressed(Sample.Patient(family: "Gezippt"), coding), coding, "application/fhir+json");
        Assert.Equal(201, created.Status);
        Assert.Equal("Gezippt", (string?)created.Json["name"]![0]!["family"]);
        var found = await PostAsync("Patient/_search", Compressed("family=Gezippt&_summary=count", coding), coding, "application/x-www-form-urlencoded");
        Assert.True((int)found.Json["total"]! > 0);
    }

    [Fact]
    public async Task What_grows_too_long_when_it_is_decompressed_is_refused()
    {
        var bomb = Compressed(new string(' ', Limits.BodyBytesMax + 1), "gzip");
        Assert.True(bomb.Length < 100_000);
        (await PostAsync("Patient", bomb, "gzip", "application/fhir+json")).IsRefused(413);
        (await PostAsync("Patient/_search", bomb, "gzip", "application/x-www-form-urlencoded")).IsRefused(413);
    }

    [Fact]
    public async Task What_is_not_compressed_as_it_says_is_refused()
    {
        (await PostAsync("Patient", Encoding.UTF8.GetBytes(Sample.Patient()), "gzip", "application/fhir+json")).IsRefused(400);
        (await PostAsync("Patient", Encoding.UTF8.GetBytes(Sample.Patient()), "compress", "application/fhir+json")).IsRefused(415);
    }

    private async Task<(string? Coding, string Text)> GetAsync(string path, string accepted)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Accept-Encoding", accepted);
        using var response = await server.Http.SendAsync(request);
        var coding = response.Content.Headers.ContentEncoding.SingleOrDefault();
        await using var body = await response.Content.ReadAsStreamAsync();
        await using var decoded = coding switch
        {
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            "br" => new BrotliStream(body, CompressionMode.Decompress),
            _ => body,
        };
        return (coding, await new StreamReader(decoded).ReadToEndAsync());
    }

    private async Task<HttpAnswer> PostAsync(string path, byte[] body, string coding, string contentType)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        content.Headers.ContentEncoding.Add(coding);
        using var response = await server.Http.PostAsync(path, content);
        return await HttpAnswer.ReadAsync(response);
    }

    private static byte[] Compressed(string text, string coding)
    {
        var target = new MemoryStream();
        using (Stream encoder = coding == "br" ? new BrotliStream(target, CompressionMode.Compress) : new GZipStream(target, CompressionMode.Compress))
            encoder.Write(Encoding.UTF8.GetBytes(text));
        return target.ToArray();
    }
}
