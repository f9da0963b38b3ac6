using System.Text.Json.Nodes;

using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>Search parameters that clients define by storing SearchParameter resources (R4 searchparameter.html), over HTTP.</summary>
public sealed class DefiningSearchParameters(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task A_parameter_finds_what_was_there_before_and_what_comes_after_until_it_is_dropped()
    {
        var (before, after) = (Sample.Id(), Sample.Id());
        await server.PutAsync($"Patient/{before}", Patient(before, "\"contact\":[{\"name\":{\"family\":\"Ohm\"}}]"));
        var stored = await server.PutAsync("SearchParameter/contact-family", Definition("contact-family", "string", "Patient.contact.name.family"));
        Assert.Equal(201, stored.Status);
        await UsableAsync(server, "Patient?contact-family=x");
        await server.PutAsync($"Patient/{after}", Patient(after, "\"contact\":[{\"name\":{\"family\":\"ohmann\"}}]"));
        Assert.Equal(Sorted(before, after), await IdsAsync(server, "Patient?contact-family=ohm"));
        Assert.Equal([before], await IdsAsync(server, "Patient?contact-family:exact=Ohm"));
        Assert.Contains(Parameters(await server.GetAsync("metadata")), name => name == "contact-family");

        await server.PutAsync($"Patient/{before}", Patient(before, "\"contact\":[{\"name\":{\"family\":\"Volta\"}}]"));
        Assert.Equal([after], await IdsAsync(server, "Patient?contact-family=ohm"));

        Assert.Equal(204, (await server.DeleteAsync("SearchParameter/contact-family")).Status);
        Assert.Equal("not-supported", (await server.GetAsync("Patient?contact-family=ohm")).IsRefused(400).IssueCode);
        Assert.DoesNotContain(Parameters(await server.GetAsync("metadata")), name => name == "contact-family");
    }

    [Fact]
    public async Task A_changed_definition_answers_by_its_new_expression_alone()
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", Patient(id, "\"contact\":[{\"name\":{\"family\":\"Ampere\",\"given\":[\"Andre\"]}}]"));
        await server.PutAsync("SearchParameter/contact-name", Definition("contact-name", "string", "Patient.contact.name.family"));
        await UsableAsync(server, "Patient?contact-name=x");
        Assert.Equal([id], await IdsAsync(server, "Patient?contact-name=ampere"));
        await server.PutAsync("SearchParameter/contact-name", Definition("contact-name", "string", "Patient.contact.name.given"));
        await UsableAsync(server, "Patient?contact-name=x");
        Assert.Equal([id], await IdsAsync(server, "Patient?contact-name=andre"));
        Assert.Empty(await IdsAsync(server, "Patient?contact-name=ampere"));
        await server.PutAsync("SearchParameter/contact-name", Definition("contact-name", "string", "Patient.contact.name.given").Replace("active", "retired", StringComparison.Ordinal));
        (await server.GetAsync("Patient?contact-name=andre")).IsRefused(400);
    }

    [Theory]
    [InlineData("token", "relation", "Patient.contact.relationship", "\"contact\":[{\"name\":{\"family\":\"A\"},\"relationship\":[{\"coding\":[{\"system\":\"http://r\",\"code\":\"N\"}]}],\"gender\":\"male\"}]", "http://r|N", "http://r|M")]
    [InlineData("token", "relation-system", "Patient.contact.relationship", "\"contact\":[{\"name\":{\"family\":\"A\"},\"relationship\":[{\"coding\":[{\"system\":\"http://r\",\"code\":\"N\"}]}],\"gender\":\"male\"}]", "http://r|", "http://s|")]
    [InlineData("token", "contact-gender", "Patient.contact.gender", "\"contact\":[{\"name\":{\"family\":\"A\"},\"gender\":\"male\"}]", "male", "female")]
    [InlineData("token", "has-photo", "Patient.photo.exists()", "\"photo\":[{\"title\":\"x\"}]", "true", "maybe")]
    [InlineData("reference", "kept-by", "Patient.contact.organization", "\"contact\":[{\"organization\":{\"reference\":\"Organization/o-1\"}}]", "Organization/o-1", "Organization/o-2")]
    [InlineData("reference", "kept-at", "Patient.contact.organization", "\"contact\":[{\"organization\":{\"reference\":\"http://else.where/Organization/1\"}}]", "http://else.where/Organization/1", "http://else.where/Organization/2")]
    [InlineData("date", "contact-since", "Patient.contact.period", "\"contact\":[{\"name\":{\"family\":\"A\"},\"gender\":\"male\",\"period\":{\"start\":\"2020-01-01\",\"end\":\"2020-12-31\"}}]", "2020", "2021")]
    [InlineData("number", "birth-number", "Patient.multipleBirth.ofType(integer)", "\"multipleBirthInteger\":3", "3", "2")]
    [InlineData("quantity", "weight", "Patient.extension.where(url='http://w').value.ofType(Quantity)",
        "\"extension\":[{\"url\":\"http://w\",\"valueQuantity\":{\"value\":2,\"system\":\"http://unitsofmeasure.org\",\"code\":\"kg\"}}]", "2000|http://unitsofmeasure.org|g", "2|http://unitsofmeasure.org|g")]
    [InlineData("uri", "photo-url", "Patient.photo.url", "\"photo\":[{\"url\":\"http://p/a/b\"}]", "http://p/a/b", "http://p/a")]
    public async Task Every_type_of_parameter_is_served(string type, string code, string expression, string content, string found, string notFound)
    {
        var (with, without) = (Sample.Id(), Sample.Id());
        Assert.Equal(201, (await server.PutAsync($"Patient/{with}", Patient(with, content))).Status);
        Assert.Equal(201, (await server.PutAsync($"SearchParameter/{code}", Definition(code, type, expression))).Status);
        await UsableAsync(server, $"Patient?{code}:missing=true&_count=0");
        await server.PutAsync($"Patient/{without}", Patient(without, "\"active\":true"));
        var only = $"_id={with},{without}&";
        Assert.Equal([with], await IdsAsync(server, $"Patient?{only}{code}={Uri.EscapeDataString(found)}"));
        Assert.Empty(await IdsAsync(server, $"Patient?{only}{code}={Uri.EscapeDataString(notFound)}"));
        if (code == "has-photo") return;
        Assert.Equal([without], await IdsAsync(server, $"Patient?{only}{code}:missing=true"));
        Assert.Equal([with], await IdsAsync(server, $"Patient?{only}{code}:missing=false"));
    }

    [Fact]
    public async Task References_can_be_chained_and_included()
    {
        var (patient, organization) = (Sample.Id(), Sample.Id());
        await server.PutAsync($"Organization/{organization}", $$"""{"resourceType":"Organization","id":"{{organization}}","name":"{{organization}}"}""");
        await server.PutAsync($"Patient/{patient}", Patient(
            patient, $"\"contact\":[{{\"organization\":{{\"reference\":\"Organization/{organization}\"}}}}]"));
        await server.PutAsync("SearchParameter/employer", Definition("employer", "reference", "Patient.contact.organization"));
        await UsableAsync(server, "Patient?employer=x");
        Assert.Equal([patient], await IdsAsync(server, $"Patient?employer:Organization.name={organization}"));
        Assert.Equal([organization], await IdsAsync(server, $"Organization?_has:Patient:employer:_id={patient}"));
        var bundle = await server.GetAsync($"Patient?_id={patient}&_include=Patient:employer");
        Assert.Equal(2, bundle.Json["entry"]!.AsArray().Count);
    }

    [Theory]
    [InlineData("code", "family", "string", "Patient.name.family", "by the specification")]
    [InlineData("type", "somehow", "special", "Patient.name", "special")]
    [InlineData("component", "pair", "composite", "Patient.name", "at least twice")]
    [InlineData("component", "untyped-pair", "composite", "Patient.contact", "no search parameter", "http://example.org/nothing", "gender", "http://hl7.org/fhir/SearchParameter/Patient-name", "name")]
    [InlineData("component", "odd-pair", "composite", "Patient.contact", "leads to no value", "http://hl7.org/fhir/SearchParameter/individual-gender", "gender", "http://hl7.org/fhir/SearchParameter/individual-birthdate", "name")]
    [InlineData("component", "late-pair", "composite", "Patient.contact", "first", "http://hl7.org/fhir/SearchParameter/Patient-name", "name", "http://hl7.org/fhir/SearchParameter/individual-gender", "gender")]
    [InlineData("expression", "broken", "string", "Patient.name.(", "on Patient")]
    [InlineData("expression", "unknown-element", "string", "Patient.nosuch", "no element nosuch")]
    [InlineData("expression", "no-date", "date", "Patient.name.family", "cannot hold")]
    [InlineData("expression", "elsewhere", "string", "Practitioner.name", "no part that begins at Patient")]
    [InlineData("expression", "untold", "string", "Patient.descendants()", "cannot be told")]
    [InlineData("code", "with.dot", "string", "Patient.name.family", "must be letters")]
    public async Task A_definition_that_cannot_be_carried_out_is_refused(string element, string code, string type, string expression, string reason, params string[] components)
    {
        var parts = components.Chunk(2).Select(pair => $$"""{"definition":"{{pair[0]}}","expression":"{{pair[1]}}"}""");
        var definition = Definition(code, type, expression).TrimEnd().TrimEnd('}') + (components.Length == 0 ? "}" : $",\"component\":[{string.Join(',', parts)}]}}");
        var answer = (await server.PostAsync("SearchParameter", definition)).IsRefused(422);
        var issue = answer.Json["issue"]![0]!;
        Assert.Equal($"SearchParameter.{element}", (string?)issue["expression"]![0]);
        Assert.Contains(reason, (string?)issue["diagnostics"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_code_belongs_to_the_first_who_defines_it()
    {
        Assert.Equal(201, (await server.PutAsync("SearchParameter/first", Definition("mine", "string", "Patient.contact.name.family", "first"))).Status);
        (await server.PutAsync("SearchParameter/second", Definition("mine", "string", "Patient.contact.name.given", "second"))).IsRefused(422);
        Assert.Equal(204, (await server.DeleteAsync("SearchParameter/first")).Status);
        Assert.Equal(201, (await server.PutAsync("SearchParameter/second", Definition("mine", "string", "Patient.contact.name.given", "second"))).Status);
    }

    internal static string Definition(string code, string type, string expression, string? id = null) => $$"""
        {"resourceType":"SearchParameter","id":"{{id ?? code}}","url":"http://example.org/{{code}}","name":"X","status":"active","description":"x",
         "code":"{{code}}","base":["Patient"],"type":"{{type}}","expression":"{{expression}}"}
        """;

    internal static string Patient(string id, string content) => $$"""{"resourceType":"Patient","id":"{{id}}",{{content}}}""";

    /// <summary>Waits until a search with the parameter is answered; until then it has to say why not.</summary>
    internal static async Task UsableAsync(RunningServer server, string url)
    {
        for (HttpAnswer answer; (answer = await server.GetAsync(url)).Status != 200; await Task.Delay(20))
        {
            Assert.Equal("transient", answer.IsRefused(400).IssueCode);
            Assert.Contains("is being indexed", answer.Text, StringComparison.Ordinal);
        }
    }

    internal static async Task<List<string>> IdsAsync(RunningServer server, string url)
    {
        var answer = await server.GetAsync(url);
        Assert.True(answer.Status == 200, answer.Text);
        var ids = (answer.Json["entry"] as JsonArray ?? []).Select(entry => (string)entry!["resource"]!["id"]!).ToList();
        ids.Sort(StringComparer.Ordinal);
        return ids;
    }

    private static List<string> Sorted(params string[] ids) => [.. ids.Order(StringComparer.Ordinal)];

    private static IEnumerable<string?> Parameters(HttpAnswer capabilities) =>
        capabilities.Json["rest"]![0]!["resource"]!.AsArray().Single(type => (string?)type!["type"] == "Patient")!["searchParam"]!.AsArray()
            .Select(parameter => (string?)parameter!["name"]);
}
