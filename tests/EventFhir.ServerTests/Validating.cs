using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>$validate (R4 resource-operation-validate.html).</summary>
public sealed class Validating(RunningServer server) : IClassFixture<RunningServer>
{
    private const string Wrong = "{\"resourceType\":\"Patient\",\"gender\":\"none\",\"colour\":\"red\"}";

    [Fact]
    public async Task Nothing_is_wrong_with_what_is_right()
    {
        var answer = await server.PostAsync("Patient/$validate", Text(Sample.Patient()));
        Assert.Equal((200, "information"), (answer.Status, Severity(answer)));
        Assert.Equal("warning", Severity(await server.PostAsync("Patient/$validate", Sample.Patient())));
    }

    [Fact]
    public async Task All_that_is_wrong_is_named_and_nothing_is_written()
    {
        var answer = await server.PostAsync("Patient/$validate?mode=create", Wrong);
        Assert.Equal((200, "error"), (answer.Status, Severity(answer)));
        Assert.Equal(["Patient.gender", "Patient.colour"], answer.Json["issue"]!.AsArray().Select(issue => (string?)issue!["expression"]![0]));
        Assert.Equal(0, (int)(await server.GetAsync("Patient?gender=none&_total=accurate", "Prefer: handling=lenient")).Json["total"]!);
    }

    [Theory]
    [InlineData("Patient/$validate", "{\"name\":\"resource\",\"resource\":{body}},{\"name\":\"mode\",\"valueCode\":\"create\"}", "Patient.gender")]
    [InlineData("Patient/{id}/$validate", "{\"name\":\"resource\",\"resource\":{body}},{\"name\":\"mode\",\"valueCode\":\"update\"}", "Patient.gender")]
    public async Task It_may_come_in_parameters(string path, string parameters, string expression)
    {
        var id = (await server.PostAsync("Patient", Sample.Patient())).Id;
        var body = $$"""{"resourceType":"Parameters","parameter":[{{parameters.Replace("{body}", Wrong, StringComparison.Ordinal)}}]}""";
        var answer = await server.PostAsync(path.Replace("{id}", id, StringComparison.Ordinal), body);
        Assert.Equal((200, expression), (answer.Status, (string?)answer.Json["issue"]![0]!["expression"]![0]));
    }

    [Fact]
    public async Task A_stored_resource_is_validated_where_it_is()
    {
        var id = (await server.PostAsync("Patient", Text(Sample.Patient()))).Id;
        Assert.Equal("information", Severity(await server.GetAsync($"Patient/{id}/$validate")));
        Assert.Equal("information", Severity(await server.SendAsync("POST", $"Patient/{id}/$validate?mode=delete")));
        Assert.Equal("error", Severity(await server.PostAsync($"Patient/{id}/$validate?mode=update", Text(Sample.Patient("other")))));
        Assert.Equal("information", Severity(await server.PostAsync($"Patient/{id}/$validate?mode=update", Text(Sample.Patient(id)))));
        (await server.GetAsync("Patient/nobody/$validate")).IsRefused(404);
        (await server.SendAsync("POST", "Patient/$validate")).IsRefused(400);
        (await server.PostAsync("Patient/$validate?mode=other", Sample.Patient())).IsRefused(400);
    }

    [Fact]
    public async Task Profiles_are_refused_but_for_those_of_the_specification()
    {
        (await server.PostAsync("Patient/$validate?profile=http://example.org/my", Text(Sample.Patient()))).IsRefused(422);
        Assert.Equal("information", Severity(await server.PostAsync(
            "Patient/$validate?profile=http://hl7.org/fhir/StructureDefinition/Patient", Text(Sample.Patient()))));
    }

    [Fact]
    public async Task Xml_is_validated_too()
    {
        const string Body = "<Patient xmlns=\"http://hl7.org/fhir\">\n <gender value=\"none\"/>\n <deceasedBoolean value=\"maybe\"/>\n</Patient>";
        var answer = await server.PostAsync("Patient/$validate", Body, "Content-Type: application/fhir+xml", "Accept: application/fhir+json");
        Assert.Equal(200, answer.Status);
        Assert.Equal(["Patient.deceased", "Patient.gender"], answer.Json["issue"]!.AsArray().Select(issue => (string?)issue!["expression"]![0]).Order());
        Assert.Contains("(line 2, column 3)", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_fhir_cannot_be_validated() => (await server.PostAsync("Patient/$validate", "{")).IsRefused(400);

    private static string? Severity(HttpAnswer answer) => (string?)answer.Json["issue"]![0]!["severity"];

    private static string Text(string patient) => patient.Replace(
        "\"name\"", "\"text\":{\"status\":\"generated\",\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">Ada</div>\"},\"name\"", StringComparison.Ordinal);
}
