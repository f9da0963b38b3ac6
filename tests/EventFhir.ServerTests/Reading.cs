using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>GET [base]/Type/id and [base]/Type/id/_history/version.</summary>
public sealed class Reading(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task A_read_gives_the_stored_text_with_its_version()
    {
        var created = await server.PostAsync("Patient", Sample.Patient());
        var read = await server.GetAsync($"Patient/{created.Id}");
        Assert.Equal((200, created.Text, created.ETag), (read.Status, read.Text, read.ETag));
        Assert.Equal(created.Headers["Last-Modified"], read.Headers["Last-Modified"]);
        Assert.Equal(System.Text.Encoding.UTF8.GetByteCount(read.Text).ToString(System.Globalization.CultureInfo.InvariantCulture), read.Headers["Content-Length"]);
    }

    [Fact]
    public async Task A_version_id_is_taken_literally()
    {
        var created = await server.PostAsync("Patient", Sample.Patient());
        (await server.GetAsync($"Patient/{created.Id}/_history/01")).IsRefused(404);
    }

    [Theory]
    [InlineData("Patient/unknown", 404)]
    [InlineData("Patient/unknown/_history/1", 404)]
    [InlineData("Patient/unknown/_history/first", 404)]
    [InlineData("Patient/unknown/_history/99999999999999999999", 404)]
    [InlineData("Patient/not_an_id", 400)]
    [InlineData("Patient/12345678901234567890123456789012345678901234567890123456789012345", 400)]
    [InlineData("Patent/1", 404)]
    [InlineData("patient/1", 404)]
    [InlineData("DomainResource/1", 404)]
    [InlineData("HumanName/1", 404)]
    public async Task What_is_not_there_is_refused(string url, int status) => (await server.GetAsync(url)).IsRefused(status);

    [Fact]
    public async Task Head_gives_the_headers_of_get()
    {
        var created = await server.PostAsync("Patient", Sample.Patient());
        foreach (var url in new[] { $"Patient/{created.Id}", $"Patient/{created.Id}/_history/1", $"Patient/{created.Id}/_history", "metadata" })
        {
            var (get, head) = (await server.GetAsync(url), await server.SendAsync("HEAD", url));
            Assert.Equal((get.Status, get.ETag, ""), (head.Status, head.ETag, head.Text));
            Assert.Equal(get.Headers["Content-Type"], head.Headers["Content-Type"]);
            Assert.Equal(get.Headers["Content-Length"], head.Headers["Content-Length"]);
        }
        Assert.Equal((404, ""), ((await server.SendAsync("HEAD", "Patient/unknown")).Status, (await server.SendAsync("HEAD", "Patient/unknown")).Text));
    }

    [Theory]
    [InlineData("If-None-Match: W/\"1\"", 304)]
    [InlineData("If-None-Match: \"1\"", 304)]
    [InlineData("If-None-Match: W/\"5\", W/\"1\"", 304)]
    [InlineData("If-None-Match: *", 304)]
    [InlineData("If-None-Match: W/\"2\"", 200)]
    [InlineData("If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT", 304)]
    [InlineData("If-Modified-Since: Fri, 01 Jan 2010 00:00:00 GMT", 200)]
    [InlineData("If-Modified-Since: yesterday", 200)]
    public async Task A_client_that_has_the_version_is_spared_it(string header, int status)
    {
        var created = await server.PostAsync("Patient", Sample.Patient());
        var read = await server.GetAsync($"Patient/{created.Id}", header);
        Assert.Equal((status, "W/\"1\""), (read.Status, read.ETag));
        if (status == 304) Assert.Empty(read.Text);
    }

    [Fact]
    public async Task Last_Modified_can_be_sent_back_as_it_is()
    {
        var created = await server.PostAsync("Patient", Sample.Patient());
        Assert.Equal(304, (await server.GetAsync($"Patient/{created.Id}", $"If-Modified-Since: {created.Headers["Last-Modified"]}")).Status);
    }

    [Fact]
    public async Task Pretty_is_for_readers_and_changes_no_value()
    {
        var created = await server.PostAsync("Observation", Sample.Observation(value: "1.500"));
        var pretty = await server.GetAsync($"Observation/{created.Id}?_pretty=true");
        Assert.Contains("\n", pretty.Text, StringComparison.Ordinal);
        Assert.Contains("\"value\": 1.500", pretty.Text, StringComparison.Ordinal);
        Assert.Equal(created.Json.ToJsonString(), pretty.Json.ToJsonString());
    }
}
