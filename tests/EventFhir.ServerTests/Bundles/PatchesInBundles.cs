using System.Text;

using EventFhir.ServerTests.Running;

using Xunit;

using static EventFhir.ServerTests.Bundles.Bundled;

namespace EventFhir.ServerTests.Bundles;

/// <summary>PATCH as an entry (R4 http.html#patch): JSON Patch in a Binary, FHIRPath Patch as Parameters.</summary>
public sealed class PatchesInBundles(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly string id = Sample.Id();

    [Theory]
    [InlineData("transaction")]
    [InlineData("batch")]
    public async Task A_JSON_patch_stands_in_a_Binary(string type)
    {
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        var patch = JsonPatch("""[{"op":"replace","path":"/birthDate","value":"2001-01-01"}]""");
        var answer = await server.PostAsync("", type is "batch" ? Batch(patch) : Transaction(patch, Post(Uuid(), Sample.Patient())));
        Assert.Equal(("200", "W/\"2\""), (answer.StatusOf(0), (string?)answer.Response(0)["etag"]));
        Assert.Equal("2001-01-01", (string?)(await server.GetAsync($"Patient/{id}")).Json["birthDate"]);
    }

    [Fact]
    public async Task A_FHIRPath_patch_is_a_Parameters_resource()
    {
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        const string patch = """{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"delete"},{"name":"path","valueString":"Patient.birthDate"}]}]}""";
        var answer = await server.PostAsync("", Transaction(Patch(patch)));
        Assert.Equal("200", answer.StatusOf(0));
        Assert.Null((await server.GetAsync($"Patient/{id}")).Json["birthDate"]);
    }

    [Fact]
    public async Task Links_in_a_patch_lead_to_the_entries_of_its_transaction()
    {
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        var other = Uuid();
        var answer = await server.PostAsync("", Transaction(
            JsonPatch($$$"""[{"op":"add","path":"/link","value":[{"other":{"reference":"{{{other}}}"},"type":"seealso"}]}]"""), Post(other, Sample.Patient())));
        Assert.Equal(answer.KeyOf(1), (string?)(await server.GetAsync($"Patient/{id}")).Json["link"]![0]!["other"]!["reference"]);
    }

    [Theory]
    [InlineData("""[{"op":"replace","path":"/nothing/here","value":1}]""", "", 422, "Bundle.entry[0].resource")]
    [InlineData("""[{"op":"add","path":"/gender","value":"7"}]""", "", 422, "Bundle.entry[0].resource.gender")]
    [InlineData("""[{"op":"remove","path":"/birthDate"}]""", ""","ifMatch":"W/\"9\"" """, 412, "Bundle.entry[0].request")]
    public async Task A_patch_that_cannot_be_applied_refuses_the_transaction(string patch, string condition, int status, string expression)
    {
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        var answer = await server.PostAsync("", Transaction(JsonPatch(patch, condition), Post(Uuid(), Sample.Patient())));
        Assert.Equal([expression], answer.IsRefused(status).Expressions());
        Assert.Equal("W/\"1\"", (await server.GetAsync($"Patient/{id}")).ETag);
    }

    [Fact]
    public async Task A_patch_of_what_is_not_there_is_refused() =>
        (await server.PostAsync("", Transaction(JsonPatch("[]")))).IsRefused(404);

    [Fact]
    public async Task Parallel_patches_of_one_resource_all_have_their_effect()
    {
        await server.PutAsync($"Patient/{id}", $$"""{"resourceType":"Patient","id":"{{id}}","name":[{"given":["a"]}]}""");
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            server.PostAsync("", Transaction(JsonPatch("""[{"op":"add","path":"/name/0/given/-","value":"b"}]"""), Post(Uuid(), Sample.Patient())))));
        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.Equal(9, (await server.GetAsync($"Patient/{id}")).Json["name"]![0]!["given"]!.AsArray().Count);
    }

    [Theory]
    [InlineData(1, 200, "W/\"2\"")]
    [InlineData(0, 404, null)]
    [InlineData(2, 412, null)]
    public async Task A_patch_by_criteria_changes_the_one_resource_that_meets_them(int matches, int status, string? tag)
    {
        var family = "Patched" + Guid.NewGuid().ToString("N");
        for (var i = 0; i < matches; i++) await server.PutAsync($"Patient/{id}-{i}", Sample.Patient($"{id}-{i}", family));
        var patch = JsonPatch("""[{"op":"replace","path":"/birthDate","value":"2001-01-01"}]""")
            .Replace($"Patient/{id}", $"Patient?family={family}", StringComparison.Ordinal);
        var created = Sample.Id();
        var answer = await server.PostAsync("", Transaction(patch, Put($"Patient/{created}", Sample.Patient(created))));
        Assert.Equal(status, answer.Status);
        if (tag is not null) Assert.Equal(tag, (string?)answer.Response(0)["etag"]);
        else Assert.Equal(["Bundle.entry[0].request.url"], answer.IsRefused(status).Expressions());
        Assert.Equal(status == 200 ? 200 : 404, (await server.GetAsync($"Patient/{created}")).Status);
    }

    [Fact]
    public async Task Parallel_patches_by_criteria_all_have_their_effect()
    {
        var family = "Patched" + Guid.NewGuid().ToString("N");
        await server.PutAsync($"Patient/{id}", $$"""{"resourceType":"Patient","id":"{{id}}","name":[{"family":"{{family}}","given":["a"]}]}""");
        var patch = JsonPatch("""[{"op":"add","path":"/name/0/given/-","value":"b"}]""")
            .Replace($"Patient/{id}", $"Patient?family={family}", StringComparison.Ordinal);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => server.PostAsync("", Transaction(patch))));
        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.Equal(9, (await server.GetAsync($"Patient/{id}")).Json["name"]![0]!["given"]!.AsArray().Count);
    }

    private string JsonPatch(string patch, string condition = "") => Patch(
        $$"""{"resourceType":"Binary","contentType":"application/json-patch+json","data":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(patch))}}"}""", condition);

    private string Patch(string resource, string condition = "") =>
        $$$"""{"resource":{{{resource}}},"request":{"method":"PATCH","url":"Patient/{{{id}}}"{{{condition}}} }}""";
}
