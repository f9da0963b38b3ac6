using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>Formats of answers and bodies (R4 http.html#mime-type).</summary>
public sealed class Negotiating(RunningServer server) : IClassFixture<RunningServer>
{
    [Theory]
    [InlineData("", "", 200)]
    [InlineData("", "*/*", 200)]
    [InlineData("", "application/*", 200)]
    [InlineData("", "application/fhir+json", 200)]
    [InlineData("", "application/json", 200)]
    [InlineData("", "text/json", 200)]
    [InlineData("", "image/png, application/json;q=0.9", 200)]
    [InlineData("", "application/fhir+json; fhirVersion=4.0", 200)]
    [InlineData("", "application/fhir+json; fhirVersion=5.0", 406)]
    [InlineData("", "application/fhir+json;q=0", 406)]
    [InlineData("", "application/fhir+turtle", 406)]
    [InlineData("", "image/png", 406)]
    [InlineData("json", "application/fhir+xml", 200)]
    [InlineData("application/json", "text/html", 200)]
    [InlineData("application/fhir+json", "", 200)]
    [InlineData("application/fhir%2Bjson", "", 200)]
    [InlineData("ttl", "", 406)]
    public async Task Format_wins_over_Accept(string format, string accept, int status)
    {
        var answer = await server.GetAsync(format.Length > 0 ? $"metadata?_format={format}" : "metadata", $"Accept: {accept}");
        Assert.Equal(status, answer.Status);
        Assert.StartsWith("application/fhir+json", answer.Headers["Content-Type"], StringComparison.Ordinal);
        if (status == 406) answer.IsRefused(406);
    }

    [Fact]
    public async Task A_version_that_is_asked_for_is_stated() =>
        Assert.Contains("fhirVersion=4.0", (await server.GetAsync("metadata", "Accept: application/fhir+json; fhirVersion=4.0")).Headers["Content-Type"], StringComparison.Ordinal);

    [Theory]
    [InlineData("application/fhir+json", 201)]
    [InlineData("application/fhir+json; charset=utf-8", 201)]
    [InlineData("application/fhir+json; charset=\"UTF-8\"; fhirVersion=4.0", 201)]
    [InlineData("application/json", 201)]
    [InlineData("text/json", 201)]
    [InlineData("application/fhir+json; fhirVersion=3.0", 415)]
    [InlineData("application/fhir+json; charset=iso-8859-1", 415)]
    [InlineData("application/fhir+turtle", 415)]
    [InlineData("application/x-www-form-urlencoded", 415)]
    [InlineData("text/plain", 415)]
    public async Task Content_types(string contentType, int status) =>
        Assert.Equal(status, (await server.PostAsync("Patient", Sample.Patient(), $"Content-Type: {contentType}")).Status);

    [Fact]
    public async Task Unknown_parameters_are_refused_unless_the_client_is_lenient()
    {
        (await server.GetAsync("metadata?colour=red")).IsRefused(400);
        (await server.GetAsync("metadata?colour=red", "Prefer: handling=strict")).IsRefused(400);
        Assert.Equal(200, (await server.GetAsync("metadata?colour=red", "Prefer: handling=lenient")).Status);
    }
}
