using EventFhir.Model;
using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests.Conditions;

/// <summary>PATCH [base]/Type/id and [base]/Type?criteria.</summary>
public sealed class Patching(RunningServer server) : IClassFixture<RunningServer>
{
    private const string JsonPatch = "Content-Type: application/json-patch+json";
    private const string ToHuber = """[{"op":"replace","path":"/name/0/family","value":"Huber"}]""";

    [Fact]
    public async Task A_JSON_Patch_makes_the_next_version()
    {
        var id = await NewAsync();
        var patched = await PatchAsync($"Patient/{id}", ToHuber);
        Assert.Equal((200, "W/\"2\""), (patched.Status, patched.ETag));
        Assert.Equal("Huber", (string?)patched.Json["name"]![0]!["family"]);
        Assert.Equal(patched.Text, (await server.GetAsync($"Patient/{id}")).Text);
        Assert.Equal(id, (await server.GetAsync($"Patient?family=huber&_id={id}")).Json["entry"]![0]!["resource"]!["id"]!.GetValue<string>());
        Assert.Equal("", (await PatchAsync($"Patient/{id}", ToHuber.Replace("Huber", "Meier", StringComparison.Ordinal), "Prefer: return=minimal")).Text);
    }

    [Fact]
    public async Task A_FHIRPath_Patch_makes_the_next_version()
    {
        var id = await NewAsync();
        var patched = await server.SendAsync("PATCH", $"Patient/{id}", FhirPathPatch("Patient.name[0].family", "Huber"));
        Assert.Equal((200, "W/\"2\"", "Huber"), (patched.Status, patched.ETag, (string?)patched.Json["name"]![0]!["family"]));
    }

    [Fact]
    public async Task A_FHIRPath_Patch_may_be_XML()
    {
        var id = await NewAsync();
        const string Gender = """
            <Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/><part><name value="type"/><valueCode value="add"/></part>
            <part><name value="path"/><valueString value="Patient"/></part><part><name value="name"/><valueString value="gender"/></part>
            <part><name value="value"/><valueCode value="male"/></part></parameter></Parameters>
            """;
        var patched = await server.SendAsync("PATCH", $"Patient/{id}", Gender, "Content-Type: application/fhir+xml", "Accept: application/fhir+json");
        Assert.Equal((200, "male"), (patched.Status, (string?)patched.Json["gender"]));
        var invalid = Gender.Replace("\"male\"", "\"mail\"", StringComparison.Ordinal).Replace("\"add\"", "\"replace\"", StringComparison.Ordinal)
            .Replace("\"Patient\"", "\"Patient.gender\"", StringComparison.Ordinal);
        (await server.SendAsync("PATCH", $"Patient/{id}", invalid, "Content-Type: application/fhir+xml", "Accept: application/fhir+json")).IsRefused(422);
        (await server.SendAsync("PATCH", $"Patient/{id}", "<Parameters", "Content-Type: application/fhir+xml", "Accept: application/fhir+json")).IsRefused(400);
    }

    [Theory]
    [InlineData("""<diff xmlns="http://hl7.org/fhir"><replace sel="Patient/name[family/@value='Meier']/family/@value">Huber</replace></diff>""", 200)]
    [InlineData("""<diff><replace sel="/f:Patient/f:name[1]/f:family/@value">Huber</replace></diff>""", 200)]
    [InlineData("""<diff xmlns="http://hl7.org/fhir"><replace sel="Patient/name/family"><family value="Huber"/></replace></diff>""", 200)]
    [InlineData("""<diff xmlns="http://hl7.org/fhir"><replace sel="Patient/name/family"><birthDate value="Huber"/></replace></diff>""", 422)]
    [InlineData("""<diff><replace sel="f:Patient/f:id/@value">another</replace></diff>""", 422)]
    [InlineData("""<diff><remove sel="f:Patient/f:nothing"/></diff>""", 422)]
    [InlineData("""<diff><remove sel="//f:given"/></diff>""", 400)]
    [InlineData("""<!DOCTYPE d [<!ENTITY e "x">]><diff><replace sel="f:Patient/f:birthDate/@value">&e;</replace></diff>""", 400)]
    public async Task An_XML_Patch_makes_the_next_version(string patch, int status)
    {
        var id = await NewAsync();
        var patched = await server.SendAsync(
            "PATCH", $"Patient/{id}", patch, "Content-Type: application/xml-patch+xml", "Accept: application/fhir+json");
        Assert.Equal(status, patched.Status);
        if (status == 200) Assert.Equal(("W/\"2\"", "Huber"), (patched.ETag, (string?)patched.Json["name"]![0]!["family"]));
        else patched.IsRefused(status);
    }

    [Fact]
    public async Task What_changes_nothing_makes_no_version()
    {
        var id = await NewAsync();
        Assert.Equal("W/\"1\"", (await PatchAsync($"Patient/{id}", "[]")).ETag);
        Assert.Equal("W/\"1\"", (await PatchAsync($"Patient/{id}", ToHuber.Replace("Huber", "Meier", StringComparison.Ordinal))).ETag);
    }

    [Fact]
    public async Task Digits_survive()
    {
        var id = Sample.Id();
        await server.PutAsync($"Observation/{id}", Sample.Observation(id, "1.500"));
        var patched = await PatchAsync($"Observation/{id}", """[{"op":"replace","path":"/status","value":"amended"}]""");
        Assert.Contains("\"value\":1.500,", patched.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""[{"op":"replace","path":"/gender","value":"mail"}]""")]
    [InlineData("""[{"op":"add","path":"/unknown","value":1}]""")]
    [InlineData("""[{"op":"replace","path":"/name","value":"Huber"}]""")]
    [InlineData("""[{"op":"remove","path":"/nothing"}]""")]
    [InlineData("""[{"op":"test","path":"/birthDate","value":"1990"}]""")]
    [InlineData("""[{"op":"replace","path":"/id","value":"another"}]""")]
    [InlineData("""[{"op":"replace","path":"","value":{"resourceType":"Patient","id":"another"}}]""")]
    [InlineData("""[{"op":"replace","path":"","value":[]}]""")]
    public async Task What_does_not_fit_or_makes_the_resource_invalid_is_422(string patch)
    {
        var id = await NewAsync();
        (await PatchAsync($"Patient/{id}", patch)).IsRefused(422);
        Assert.Equal("W/\"1\"", (await server.GetAsync($"Patient/{id}")).ETag);
    }

    [Fact]
    public async Task What_is_no_patch_is_400_or_415()
    {
        var id = await NewAsync();
        (await PatchAsync($"Patient/{id}", "{}")).IsRefused(400);
        (await PatchAsync($"Patient/{id}", "")).IsRefused(400);
        (await server.SendAsync("PATCH", $"Patient/{id}", Sample.Patient(id))).IsRefused(400);
        (await server.SendAsync("PATCH", $"Patient/{id}", "<diff/>", "Content-Type: application/xml-patch+xml")).IsRefused(400);
        (await server.SendAsync("PATCH", $"Patient/{id}", "x", "Content-Type: text/plain")).IsRefused(415);
        (await PatchAsync($"Patient/{id}", ToHuber, "Content-Encoding: zstd")).IsRefused(415);
        (await server.SendAsync("PATCH", $"Patient/{id}", """{"resourceType":"Parameters","parameter":[{"name":"other"}]}""")).IsRefused(400);
    }

    [Fact]
    public async Task What_is_not_there_is_404_and_what_was_deleted_410()
    {
        (await PatchAsync($"Patient/{Sample.Id()}", ToHuber)).IsRefused(404);
        var id = await NewAsync();
        await server.DeleteAsync($"Patient/{id}");
        (await PatchAsync($"Patient/{id}", ToHuber)).IsRefused(410);
    }

    [Theory]
    [InlineData("If-Match: W/\"1\"", 200)]
    [InlineData("If-Match: *", 200)]
    [InlineData("If-Match: W/\"2\"", 412)]
    [InlineData("If-None-Match: *", 412)]
    [InlineData("If-Match: 1", 400)]
    public async Task If_Match(string header, int status)
    {
        var id = await NewAsync();
        Assert.Equal(status, (await PatchAsync($"Patient/{id}", ToHuber, header)).Status);
    }

    [Fact]
    public async Task Parallel_patches_all_take_effect()
    {
        var id = await NewAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(place =>
            PatchAsync($"Patient/{id}", $$"""[{"op":"add","path":"/name/0/given/-","value":"N{{place}}"}]""")));
        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        var patched = await server.GetAsync($"Patient/{id}");
        Assert.Equal("W/\"21\"", patched.ETag);
        Assert.Equal(
            Enumerable.Range(0, 20).Select(place => $"N{place}").Order(),
            patched.Json["name"]![0]!["given"]!.AsArray().Select(given => (string)given!).Where(given => given != "Ada").Order());
    }

    [Fact]
    public async Task Of_parallel_patches_of_one_version_one_wins()
    {
        var id = await NewAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(place =>
            PatchAsync($"Patient/{id}", $$"""[{"op":"replace","path":"/name/0/family","value":"N{{place}}"}]""", "If-Match: W/\"1\"")));
        Assert.Equal(1, answers.Count(answer => answer.Status == 200));
        Assert.Equal(9, answers.Count(answer => answer.Status == 412));
    }

    [Fact]
    public async Task By_criteria()
    {
        var number = Sample.Id();
        (await PatchAsync($"Patient?identifier=urn:n|{number}", ToHuber)).IsRefused(404);
        await server.PostAsync("Patient", Numbered.Patient(number));
        Assert.Equal("Huber", (string?)(await PatchAsync($"Patient?identifier=urn:n|{number}", ToHuber)).Json["name"]![0]!["family"]);
        (await PatchAsync($"Patient?identifier=urn:n|{number}", ToHuber, "If-Match: W/\"1\"")).IsRefused(412);
        await server.PostAsync("Patient", Numbered.Patient(number));
        (await PatchAsync($"Patient?identifier=urn:n|{number}", ToHuber)).IsRefused(412);
        (await PatchAsync("Patient", ToHuber)).IsRefused(400);
        (await PatchAsync("Patient?unknown=1", ToHuber, "Prefer: handling=lenient")).IsRefused(400);
    }

    [Fact]
    public async Task It_is_claimed()
    {
        var metadata = (await server.GetAsync("metadata")).Json;
        Assert.Equal(
            ["application/json-patch+json", "application/fhir+json", "application/fhir+xml", "application/xml-patch+xml"],
            metadata["patchFormat"]!.AsArray().Select(format => (string?)format));
    }

    [Fact]
    public async Task The_number_of_operations_is_limited()
    {
        var id = await NewAsync();
        var operations = string.Join(',', Enumerable.Repeat("""{"op":"test","path":"/active","value":true}""", Limits.PatchOperationsMax + 1));
        (await PatchAsync($"Patient/{id}", $"[{operations}]")).IsRefused(400);
    }

    private async Task<string> NewAsync()
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        return id;
    }

    private Task<HttpAnswer> PatchAsync(string url, string patch, params string[] headers) =>
        server.SendAsync("PATCH", url, patch, [JsonPatch, .. headers]);

    private static string FhirPathPatch(string path, string value) =>
        $$"""
        {"resourceType":"Parameters","parameter":[{"name":"operation","part":[
          {"name":"type","valueCode":"replace"},{"name":"path","valueString":"{{path}}"},{"name":"value","valueString":"{{value}}"}]}]}
        """;
}
