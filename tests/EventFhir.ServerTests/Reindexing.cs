using System.Text.Json.Nodes;

using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>$reindex over HTTP; what it does is shown in RenewingRows.</summary>
public sealed class Reindexing(RunningServer server) : IClassFixture<RunningServer>
{
    [Theory]
    [InlineData("$reindex")]
    [InlineData("Patient/$reindex")]
    public async Task Is_begun_by_POST_and_watched_by_GET(string path)
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", $$"""{"resourceType":"Patient","id":"{{id}}","name":[{"family":"{{id}}"}]}""");
        var begun = await server.PostAsync(path, "");
        Assert.Equal(202, begun.Status);
        var job = Part(begun.Json["parameter"]![0]!, "id");
        for (JsonNode? state = null; state is null || Part(state, "status") == "working"; await Task.Delay(20))
        {
            state = (await server.GetAsync("$reindex")).Json["parameter"]!.AsArray().Single(entry => (string?)entry!["name"] == "job" && Part(entry, "id") == job);
            Assert.True(Part(state!, "status") is "working" or "done", state!.ToJsonString());
            Assert.True(int.Parse(Part(state!, "done")!, System.Globalization.CultureInfo.InvariantCulture) >= 0);
        }
        Assert.Equal(1, (int)(await server.GetAsync($"Patient?family={id}&_total=accurate")).Json["total"]!);
    }

    [Fact]
    public async Task Of_one_resource_is_done_at_once()
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", $$"""{"resourceType":"Patient","id":"{{id}}"}""");
        var answer = await server.PostAsync($"Patient/{id}/$reindex", """{"resourceType":"Parameters"}""");
        Assert.Equal((200, "done"), (answer.Status, Part(answer.Json["parameter"]![0]!, "status")));
        (await server.PostAsync($"Patient/{Sample.Id()}/$reindex", "")).IsRefused(404);
    }

    [Theory]
    [InlineData("$reindex", """{"resourceType":"Parameters","parameter":[{"name":"url","valueString":"Patient"}]}""")]
    [InlineData("Patient/$reindex", """{"resourceType":"Patient"}""")]
    [InlineData("$reindex?type=Patient", "")]
    public async Task What_it_does_not_take_is_refused(string path, string body) => (await server.PostAsync(path, body)).IsRefused(400);

    private static string? Part(JsonNode entry, string name) =>
        (string?)entry["part"]!.AsArray().SingleOrDefault(part => (string?)part!["name"] == name)?["valueString"];
}
