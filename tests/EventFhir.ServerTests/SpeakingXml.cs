using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Model.Validation;
using EventFhir.Model.Xml;
using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>Requests, answers and errors in XML (R4 xml.html).</summary>
public sealed class SpeakingXml(RunningServer server) : IClassFixture<RunningServer>
{
    private const string Body =
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <!-- a patient -->
        <Observation xmlns="http://hl7.org/fhir">
          <text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p>Glucose &amp; co</p></div></text>
          <status value="final"><extension url="http://example.org/why"><valueString value="checked"/></extension></status>
          <code><text value="Glucose"/></code>
          <valueQuantity><value value="1.50"/><unit value="mmol/L"/></valueQuantity>
        </Observation>
        """;

    [Fact]
    public async Task A_resource_goes_in_and_comes_out_in_either_format()
    {
        var created = await PostAsync("Observation", Body);
        Assert.Equal(201, created.Status);
        var json = Resource(created, "Observation");
        Assert.Equal("1.50", json["valueQuantity"]!["value"]!.ToJsonString());

        var id = (string)json["id"]!;
        var read = await server.GetAsync($"Observation/{id}");
        Assert.Equal("<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Glucose &amp; co</p></div>", (string?)read.Json["text"]!["div"]);
        Assert.Equal("checked", (string?)read.Json["_status"]!["extension"]![0]!["valueString"]);
        var asXml = await server.GetAsync($"Observation/{id}", "Accept: application/fhir+xml");
        Assert.True(JsonNode.DeepEquals(read.Json, Resource(asXml, "Observation")));
        Assert.Equal(read.ETag, asXml.ETag);
        Assert.Equal(asXml.Text, (await server.GetAsync($"Observation/{id}/_history/1?_format=xml")).Text);

        var updated = await server.PutAsync(
            $"Observation/{id}", asXml.Text.Replace("1.50", "1.500", StringComparison.Ordinal), "Content-Type: text/xml; charset=utf-8");
        Assert.Equal((200, "W/\"2\""), (updated.Status, updated.ETag));
        Assert.Contains("<value value=\"1.500\"/>", updated.Text, StringComparison.Ordinal);
        Assert.Equal("W/\"2\"", (await server.PutAsync($"Observation/{id}", updated.Text, "Content-Type: application/xml")).ETag);
    }

    [Theory]
    [InlineData("Patient?_id={id}&_total=accurate", "Bundle")]
    [InlineData("Patient/{id}/_history", "Bundle")]
    [InlineData("Patient/_history?_count=1", "Bundle")]
    [InlineData("Patient/{id}?_pretty=true", "Patient")]
    [InlineData("Patient?_id={id}&_summary=true", "Bundle")]
    [InlineData("metadata", "CapabilityStatement")]
    [InlineData("metadata?mode=terminology", "TerminologyCapabilities")]
    [InlineData("$reindex", "Parameters")]
    public async Task Every_answer_has_an_xml_form_that_says_the_same(string path, string type)
    {
        var id = (await server.PostAsync("Patient", Sample.Patient())).Id;
        path = path.Replace("{id}", id, StringComparison.Ordinal);
        var json = await server.GetAsync(path);
        var xml = await server.GetAsync(path, "Accept: application/fhir+xml");
        Assert.True(JsonNode.DeepEquals(WithoutMoment(json.Json), WithoutMoment(Resource(xml, type))), xml.Text);
    }

    /// <summary>Links to other pages name the moment of the question, and the feed moves on between two of them.</summary>
    private static JsonNode WithoutMoment(JsonNode resource) =>
        JsonNode.Parse(Regex.Replace(resource.ToJsonString(), "_page=[^\"&]*", "_page="))!;

    [Theory]
    [InlineData("Accept", "text/xml", "application/fhir+xml; charset=utf-8")]
    [InlineData("Accept", "application/xml;q=0.9, application/json;q=0.8", "application/fhir+xml; charset=utf-8")]
    [InlineData("Accept", "application/fhir+xml; fhirVersion=4.0", "application/fhir+xml; fhirVersion=4.0; charset=utf-8")]
    [InlineData("_format", "xml", "application/fhir+xml; charset=utf-8")]
    [InlineData("_format", "application/fhir+xml", "application/fhir+xml; charset=utf-8")]
    [InlineData("_format", "text/xml", "application/fhir+xml; charset=utf-8")]
    [InlineData("Accept", "application/json, application/xml", "application/fhir+json; charset=utf-8")]
    public async Task It_is_asked_for_as_xml_or_by_its_types(string by, string format, string contentType)
    {
        var answer = by == "_format"
            ? await server.GetAsync($"metadata?_format={format}", "Accept: application/fhir+json")
            : await server.GetAsync("metadata", $"Accept: {format}");
        Assert.Equal((200, contentType), (answer.Status, answer.Headers["Content-Type"]));
    }

    [Fact]
    public async Task A_posted_search_may_name_the_format_in_its_form()
    {
        await server.PostAsync("Patient", Sample.Patient(family: "Form"));
        var answer = await server.PostAsync("Patient/_search", "family=Form&_format=xml", "Content-Type: application/x-www-form-urlencoded");
        Assert.Equal(1, (int)Resource(answer, "Bundle")["total"]!);
        Assert.Contains("_format=xml", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_length_is_that_of_the_xml()
    {
        var id = (await server.PostAsync("Patient", Sample.Patient(family: "Müller"))).Id;
        var get = await server.GetAsync($"Patient/{id}?_format=xml");
        var head = await server.SendAsync("HEAD", $"Patient/{id}?_format=xml");
        Assert.Equal(Encoding.UTF8.GetByteCount(get.Text).ToString(CultureInfo.InvariantCulture), head.Headers["Content-Length"]);
    }

    [Theory]
    [InlineData("GET", "Patient/nobody", 404, "not-found")]
    [InlineData("GET", "Patient?colour=red", 400, "not-supported")]
    [InlineData("GET", "nowhere/at/all/x", 404, "not-found")]
    [InlineData("DELETE", "metadata", 405, "not-supported")]
    public async Task Errors_are_in_xml_too(string method, string path, int status, string code)
    {
        var answer = await server.SendAsync(method, path, body: null, "Accept: application/fhir+xml");
        Assert.Equal(status, answer.Status);
        Assert.Equal(code, (string?)Resource(answer, "OperationOutcome")["issue"]![0]!["code"]);
    }

    [Theory]
    [InlineData("<valueQuantity>", "<status value=\"final\"/><valueQuantity>", 400, "(line 7, column 4)", "Observation.status")]
    [InlineData("value=\"final\"", "value=\"done\"", 422, "(line 5, column 4)", "Observation.status")]
    [InlineData("<unit value=\"mmol/L\"/>", "<unitt/>", 422, "(line 7, column 40)", "Observation.value.unitt")]
    [InlineData("value=\"1.50\"", "value=\"1,50\"", 422, "(line 7, column 19)", "Observation.value.value")]
    [InlineData("<value value=\"1.50\"/><unit value=\"mmol/L\"/>", "<code value=\"1\"/>", 422, "(line 7, column 4)", "Observation.value")]
    [InlineData("<text value=\"Glucose\"/>", "<text value=\"Glucose\" value=\"x\"/>", 400, "(line 6,", null)]
    [InlineData("<!-- a patient -->", "<!DOCTYPE Observation>", 400, "(line 2,", null)]
    [InlineData("http://hl7.org/fhir", "http://example.org", 400, "(line 3, column 2)", null)]
    public async Task What_is_wrong_is_named_with_line_and_path(string right, string wrong, int status, string place, string? expression)
    {
        var answer = await PostAsync("Observation", Body.Replace(right, wrong, StringComparison.Ordinal));
        Assert.Equal(status, answer.Status);
        var issue = Resource(answer, "OperationOutcome")["issue"]![0]!;
        Assert.Equal(expression, (string?)issue["expression"]?[0]);
        Assert.Contains(place, (string?)issue["diagnostics"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_capability_statement_says_so() =>
        Assert.Contains("application/fhir+xml", (await server.GetAsync("metadata")).Json["format"]!.AsArray().Select(format => (string?)format));

    private Task<HttpAnswer> PostAsync(string path, string xml) => server.PostAsync(path, xml, "Content-Type: application/fhir+xml");

    /// <summary>The JSON of an answer in XML, after our own reader has found nothing wrong with it.</summary>
    private static JsonNode Resource(HttpAnswer answer, string type)
    {
        Assert.StartsWith("application/fhir+xml", answer.Headers["Content-Type"], StringComparison.Ordinal);
        var read = ResourceXmlReader.Read(Encoding.UTF8.GetBytes(answer.Text), Release.R4);
        Assert.Empty(read.Issues);
        Assert.Equal(type, read.Resource!.Type.Name);
        Assert.DoesNotContain(ResourceValidator.Validate(read.Resource), issue => issue.IsError);
        return JsonNode.Parse(read.Resource.Json.Span)!;
    }
}
