using System.Net.Sockets;
using System.Text;

using EventFhir.Core;
using EventFhir.Model;
using EventFhir.Server.Rest;
using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>Every error has its status and an OperationOutcome.</summary>
public sealed class Refusing(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public void Every_kind_of_refusal_has_a_status()
    {
        foreach (var kind in Enum.GetValues<RefusalKind>()) Assert.InRange(RefusalTable.StatusOf(kind), 400, 599);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not json")]
    [InlineData("{\"resourceType\":\"Patient\"")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"resourceType\":\"Nobody\"}")]
    public async Task What_is_not_FHIR_is_400(string body) => (await server.PostAsync("Patient", body)).IsRefused(400);

    [Theory]
    [InlineData("{\"resourceType\":\"Patient\",\"birthDate\":\"1990-13-01\"}", "Patient.birthDate")]
    [InlineData("{\"resourceType\":\"Patient\",\"gender\":\"mail\"}", "Patient.gender")]
    [InlineData("{\"resourceType\":\"Patient\",\"contact\":[{\"gender\":\"male\"}]}", "Patient.contact[0]")]
    public async Task What_is_invalid_is_422_and_the_issue_points_at_it(string body, string expression)
    {
        var refused = (await server.PostAsync("Patient", body)).IsRefused(422);
        Assert.Contains(refused.Json["issue"]!.AsArray(), issue => (string?)issue!["expression"]?[0] == expression);
    }

    [Fact]
    public async Task Invalid_utf8_is_400()
    {
        using var content = new ByteArrayContent([.. "{\"resourceType\":\"Patient\",\"id\":\""u8, 0xC3, 0x28, .. "\"}"u8]);
        content.Headers.ContentType = new("application/fhir+json");
        using var response = await server.Http.PostAsync("Patient", content);
        (await HttpAnswer.ReadAsync(response)).IsRefused(400);
    }

    [Fact]
    public async Task Depth_is_limited()
    {
        var nested = string.Concat(Enumerable.Repeat("{\"url\":\"http://a.b/c\",\"extension\":[", 100)) + string.Concat(Enumerable.Repeat("]}", 100));
        (await server.PostAsync("Patient", $"{{\"resourceType\":\"Patient\",\"extension\":[{nested}]}}")).IsRefused(400);
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_413()
    {
        var text = Sample.Patient(family: new string('x', Limits.BodyBytesMax));
        (await server.PostAsync("Patient", text, "Expect: 100-continue")).IsRefused(413);
    }

    [Theory]
    [InlineData("GET", "nothing/here/at/all", 404)]
    [InlineData("GET", "Patient/1/unknown", 404)]
    [InlineData("GET", "_unknown", 404)]
    [InlineData("POST", "Unknown", 404)]
    public async Task Unknown_urls(string method, string url, int status) => (await server.SendAsync(method, url)).IsRefused(status);

    [Theory]
    [InlineData("POST", "metadata", "GET, HEAD")]
    [InlineData("REPORT", "Patient", "DELETE, GET, HEAD, PATCH, POST, PUT")]
    [InlineData("POST", "Patient/1", "DELETE, GET, HEAD, PATCH, PUT")]
    [InlineData("DELETE", "Patient/1/_history/1", "GET, HEAD")]
    public async Task A_method_that_a_url_does_not_know_is_405_with_Allow(string method, string url, string allow)
    {
        var refused = (await server.SendAsync(method, url)).IsRefused(405);
        Assert.Equal(allow, string.Join(", ", refused.Headers["Allow"].Split(", ").Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task Outside_the_base_errors_are_problem_json()
    {
        var answer = await server.GetAsync("/elsewhere");
        Assert.Equal((404, "application/problem+json"), (answer.Status, answer.Headers["Content-Type"]));
    }

    [Fact]
    public async Task The_clients_request_id_comes_back()
    {
        Assert.Equal("my-request.1", (await server.GetAsync("Patient/none", "X-Request-Id: my-request.1")).IsRefused(404).Id);
        Assert.NotEqual("not an id", (await server.GetAsync("Patient/none", "X-Request-Id: not an id")).IsRefused(404).Id);
    }

    [Fact]
    public async Task A_refusal_never_repeats_what_was_sent()
    {
        var refused = (await server.PostAsync("Patient", "{\"resourceType\":\"Patient\",\"birthDate\":\"TopSecretName\"}")).IsRefused(422);
        Assert.DoesNotContain("TopSecretName", refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_url_that_is_too_long_is_414_with_an_outcome() =>
        (await server.GetAsync($"Patient?name={new string('a', Limits.RequestLineBytesMax)}")).IsRefused(414);

    [Fact]
    public async Task A_request_line_that_is_far_too_long_is_414()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Http.BaseAddress!.Host, server.Http.BaseAddress.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET /fhir/{new string('a', 2 * Limits.RequestLineBytesMax)} HTTP/1.1\r\nHost: x\r\n\r\n"));
        using var reader = new StreamReader(stream);
        Assert.Equal("HTTP/1.1 414 URI Too Long", await reader.ReadLineAsync());
    }
}
