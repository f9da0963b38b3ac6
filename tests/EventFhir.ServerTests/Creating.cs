using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>POST [base]/Type.</summary>
public sealed class Creating(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task A_created_resource_has_an_id_a_version_and_a_location()
    {
        var created = await server.PostAsync("Patient", Sample.Patient());
        Assert.Equal(201, created.Status);
        Assert.Equal("W/\"1\"", created.ETag);
        Assert.Equal($"{server.Http.BaseAddress}Patient/{created.Id}/_history/1", created.Headers["Location"]);
        Assert.True(created.Headers.ContainsKey("Last-Modified"));
        Assert.Equal("1", (string?)created.Json["meta"]!["versionId"]);
        Assert.Equal(created.Text, (await server.GetAsync($"Patient/{created.Id}")).Text);
    }

    [Fact]
    public async Task The_servers_ids_are_uuids_of_version_7()
    {
        var created = await server.PostAsync("Patient", Sample.Patient());
        Assert.Equal(7, Guid.Parse(created.Id).Version);
    }

    [Fact]
    public async Task An_id_in_the_body_is_ignored() =>
        Assert.NotEqual("mine", (await server.PostAsync("Patient", Sample.Patient("mine"))).Id);

    [Fact]
    public async Task What_was_sent_comes_back_to_the_digit_and_in_order()
    {
        const string sent = """{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.500,"unit":"mg"},"_issued":{"extension":[{"url":"http://a.b/c","valueDecimal":0.10}]}}""";
        var created = await server.PostAsync("Observation", sent);
        Assert.Equal(201, created.Status);
        Assert.Contains("""{"value":1.500,"unit":"mg"}""", created.Text, StringComparison.Ordinal);
        Assert.Contains("\"valueDecimal\":0.10", created.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("return=minimal", "")]
    [InlineData("return=OperationOutcome", "OperationOutcome")]
    [InlineData("return=representation", "Patient")]
    [InlineData("handling=strict, return=minimal", "")]
    public async Task Prefer_chooses_the_answer(string prefer, string resourceType)
    {
        var created = await server.PostAsync("Patient", Sample.Patient(), $"Prefer: {prefer}");
        Assert.Equal(201, created.Status);
        Assert.Equal("W/\"1\"", created.ETag);
        Assert.Equal(resourceType, created.Text.Length == 0 ? "" : (string?)created.Json["resourceType"]);
    }

    [Fact]
    public async Task A_repeated_request_with_the_same_idempotency_key_has_one_effect()
    {
        var key = Sample.Id();
        var first = await server.PostAsync("Patient", Sample.Patient(), $"Idempotency-Key: {key}");
        var second = await server.PostAsync("Patient", Sample.Patient(), $"Idempotency-Key: {key}");
        Assert.Equal(201, first.Status);
        Assert.Equal((first.Status, first.Text, first.Headers["Location"]), (second.Status, second.Text, second.Headers["Location"]));
    }

    [Fact]
    public async Task The_idempotency_key_of_a_request_on_another_resource_is_422_and_nothing_is_done()
    {
        var (key, id) = ($"Idempotency-Key: {Sample.Id()}", Sample.Id());
        Assert.Equal(201, (await server.PostAsync("Patient", Sample.Patient(), key)).Status);
        (await server.PutAsync($"Patient/{id}", Sample.Patient(id), key)).IsRefused(422);
        (await server.PostAsync("Observation", Sample.Observation(), key)).IsRefused(422);
        (await server.DeleteAsync($"Patient/{id}", key)).IsRefused(422);
        (await server.GetAsync($"Patient/{id}")).IsRefused(404);
    }

    [Fact]
    public async Task An_idempotency_key_that_is_too_long_is_refused() =>
        (await server.PostAsync("Patient", Sample.Patient(), $"Idempotency-Key: {new string('k', 201)}")).IsRefused(400);

    [Fact]
    public async Task The_type_in_the_body_must_be_that_of_the_url() =>
        (await server.PostAsync("Observation", Sample.Patient())).IsRefused(400);
}
