using System.Text.Json.Nodes;

using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>$meta, $meta-add and $meta-delete (R4 resource-operations.html).</summary>
public sealed class ChangingMeta(RunningServer server) : IClassFixture<RunningServer>
{
    private const string Labels =
        """{"tag":[{"system":"http://x","code":"a","display":"A"},{"code":"b"}],"security":[{"system":"http://s","code":"R"}],"profile":["http://p/1"]}""";

    [Fact]
    public async Task Labels_are_sets_that_grow_and_shrink()
    {
        var id = (await server.PostAsync("Observation", Sample.Observation(value: "1.50"))).Id;
        var added = await ChangeAsync(id, "add", Labels);
        Assert.Equal((200, "W/\"2\""), (added.Status, added.ETag));
        var meta = added.Json["parameter"]![0]!["valueMeta"]!;
        Assert.Equal(("return", "2"), ((string?)added.Json["parameter"]![0]!["name"], (string?)meta["versionId"]));
        Assert.Equal(["a", "b"], meta["tag"]!.AsArray().Select(tag => (string?)tag!["code"]));

        // The identity of a label is system and code: nothing new, so no version.
        Assert.Equal("W/\"2\"", (await ChangeAsync(id, "add", """{"tag":[{"system":"http://x","code":"a","display":"Other"}],"profile":["http://p/1"]}""")).ETag);

        var deleted = await ChangeAsync(id, "delete", """{"tag":[{"code":"b"},{"code":"a"}],"profile":["http://p/1","http://p/2"]}""");
        meta = deleted.Json["parameter"]![0]!["valueMeta"]!;
        Assert.Equal(["a"], meta["tag"]!.AsArray().Select(tag => (string?)tag!["code"]));
        Assert.Null(meta["profile"]);

        Assert.True(JsonNode.DeepEquals(meta, (await server.GetAsync($"Observation/{id}/$meta")).Json["parameter"]![0]!["valueMeta"]));
        Assert.Equal("1", (string?)(await server.GetAsync($"Observation/{id}/_history/1/$meta")).Json["parameter"]![0]!["valueMeta"]!["versionId"]);
        Assert.Contains("\"value\":1.50", (await server.GetAsync($"Observation/{id}")).Text, StringComparison.Ordinal);
        Assert.Equal(1, (int)(await server.GetAsync($"Observation?_tag=http://x|a&_id={id}&_total=accurate")).Json["total"]!);
    }

    [Fact]
    public async Task Changes_at_the_same_time_all_count()
    {
        var id = (await server.PostAsync("Patient", Sample.Patient())).Id;
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(number => ChangeAsync(id, "add", $$"""{"tag":[{"code":"t{{number}}"}]}""", "Patient")));
        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.Equal(8, (await server.GetAsync($"Patient/{id}")).Json["meta"]!["tag"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_type_and_the_system_have_all_labels_in_use_once()
    {
        Assert.Equal("""{"resourceType":"Parameters"}""", (await server.GetAsync("Basic/$meta")).Text);
        string[] labels =
        [
            """{"tag":[{"system":"http://of","code":"one"}],"profile":["http://p/basic"]}""",
            """{"tag":[{"system":"http://of","code":"one","display":"One"},{"system":"http://of","code":"two"}],"security":[{"code":"R"}]}""",
            """{"tag":[{"system":"http://of","code":"gone"}]}""",
        ];
        var last = "";
        foreach (var meta in labels)
            last = (await server.PostAsync("Basic", $$$"""{"resourceType":"Basic","meta":{{{meta}}},"code":{"text":"x"}}""")).Id;
        await server.DeleteAsync($"Basic/{last}");
        await server.PostAsync("Basic", """{"resourceType":"Basic","code":{"text":"without"}}""");

        var found = (await server.GetAsync("Basic/$meta")).Json["parameter"]![0]!["valueMeta"]!;
        Assert.Equal(["one", "two"], found["tag"]!.AsArray().Select(tag => (string?)tag!["code"]).Order());
        Assert.Equal(["R"], found["security"]!.AsArray().Select(label => (string?)label!["code"]));
        Assert.Equal(["http://p/basic"], found["profile"]!.AsArray().Select(profile => (string?)profile));
        Assert.Null(found["versionId"]);
        var system = (await server.GetAsync("$meta")).Json["parameter"]![0]!["valueMeta"]!["tag"]!.AsArray().Select(tag => (string?)tag!["code"]).ToList();
        Assert.True(system.Contains("two") && !system.Contains("gone"), string.Join(' ', system));
    }

    [Fact]
    public async Task What_cannot_be_changed_is_refused()
    {
        var id = (await server.PostAsync("Observation", Sample.Observation())).Id;
        (await server.PostAsync($"Observation/{id}/$meta-add", "{\"resourceType\":\"Parameters\"}")).IsRefused(400);
        (await server.PostAsync($"Observation/{id}/$meta-add", Sample.Patient())).IsRefused(400);
        (await ChangeAsync("nobody", "add", Labels)).IsRefused(404);
        (await server.PostAsync($"Observation/{id}/$meta-add", Body(Labels), "If-Match: W/\"7\"")).IsRefused(412);
        await server.DeleteAsync($"Observation/{id}");
        (await ChangeAsync(id, "delete", Labels)).IsRefused(410);
        (await server.GetAsync($"Observation/{id}/$meta")).IsRefused(410);
    }

    private Task<HttpAnswer> ChangeAsync(string id, string change, string meta, string type = "Observation") =>
        server.PostAsync($"{type}/{id}/$meta-{change}", Body(meta));

    private static string Body(string meta) => $$"""{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{{meta}}}]}""";
}
