using System.Text.Json.Nodes;

using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>GET …/_history of a resource, a type and everything (R4 http.html#history).</summary>
public sealed class Histories(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task The_history_of_a_resource_has_every_version_newest_first()
    {
        var created = await server.PostAsync("Patient", Sample.Patient());
        await server.PutAsync($"Patient/{created.Id}", Sample.Patient(created.Id, "Huber"));
        await server.DeleteAsync($"Patient/{created.Id}");

        var history = (await server.GetAsync($"Patient/{created.Id}/_history")).Json;
        Assert.Equal(("Bundle", "history", 3), ((string?)history["resourceType"], (string?)history["type"], (int)history["total"]!));
        var entries = history["entry"]!.AsArray();
        Assert.Equal(["DELETE 204 W/\"3\"", "PUT 200 W/\"2\"", "POST 201 W/\"1\""], entries.Select(Describe));
        Assert.Null(entries[0]!["resource"]);
        Assert.Equal("Huber", (string?)entries[1]!["resource"]!["name"]![0]!["family"]);
        Assert.All(entries, entry => Assert.Equal($"{server.Http.BaseAddress}Patient/{created.Id}", (string?)entry!["fullUrl"]));
    }

    [Fact]
    public async Task The_self_link_leaves_out_what_lenient_handling_ignored()
    {
        var history = (await server.GetAsync("Patient/_history?colour=red&_count=1&_since=2020-01-01T00:00:00%2B00:00", "Prefer: handling=lenient")).Json;
        Assert.Equal(
            $"{server.Http.BaseAddress}Patient/_history?_count=1&_since=2020-01-01T00:00:00%2B00:00", (string?)history["link"]![0]!["url"]);
    }

    [Fact]
    public async Task Oldest_first_on_request()
    {
        var id = await ThreeVersionsAsync();
        var entries = (await server.GetAsync($"Patient/{id}/_history?_sort=_lastUpdated")).Json["entry"]!.AsArray();
        Assert.Equal(["W/\"1\"", "W/\"2\"", "W/\"3\""], entries.Select(entry => (string?)entry!["response"]!["etag"]));
    }

    [Fact]
    public async Task The_history_of_what_never_existed_is_404_and_of_an_unused_type_is_empty()
    {
        (await server.GetAsync("Patient/never/_history")).IsRefused(404);
        var empty = (await server.GetAsync("VisionPrescription/_history")).Json;
        Assert.Equal(0, (int)empty["total"]!);
        Assert.Null(empty["entry"]);
    }

    [Fact]
    public async Task Since_before_and_at_bound_it()
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id, "A"));
        await Task.Delay(20);
        var second = (string)(await server.PutAsync($"Patient/{id}", Sample.Patient(id, "B"))).Json["meta"]!["lastUpdated"]!;
        await Task.Delay(20);
        await server.PutAsync($"Patient/{id}", Sample.Patient(id, "C"));

        Assert.Equal(["3", "2"], await VersionsAsync($"Patient/{id}/_history?_since={second}"));
        Assert.Equal(["1"], await VersionsAsync($"Patient/{id}/_history?_before={second}"));
        Assert.Equal(["2"], await VersionsAsync($"Patient/{id}/_history?_at={After(second)}"));
        Assert.Equal(["3", "2", "1"], await VersionsAsync($"Patient/{id}/_history?_at={second[..4]}"));
        Assert.Equal([], await VersionsAsync($"Patient/{id}/_history?_at=2001-01-01"));
    }

    [Fact]
    public async Task Pages_neither_repeat_nor_lose_a_version_while_others_write()
    {
        var id = Sample.Id();
        for (var version = 1; version <= 25; version++) await server.PutAsync($"Patient/{id}", Sample.Patient(id, $"N{version}"));
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++) await server.PutAsync($"Patient/{id}", Sample.Patient(id, $"Later{i}"));
        });
        var first = (await server.GetAsync($"Patient/{id}/_history?_count=4")).Json;
        var (total, pages) = ((int)first["total"]!, await FollowAsync(first));
        await stop.CancelAsync();
        await writing;
        var versions = pages.Select(entry => int.Parse(((string)entry!["response"]!["etag"]!)[3..^1], System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(Enumerable.Range(1, total).Reverse(), versions);
    }

    [Fact]
    public async Task The_whole_history_pages_through_every_type()
    {
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add((await server.PostAsync("Patient", Sample.Patient())).Id);
            ids.Add((await server.PostAsync("Observation", Sample.Observation())).Id);
        }
        var entries = await FollowAsync((await server.GetAsync("_history?_count=3&_sort=_lastUpdated")).Json);
        Assert.Equal(ids, entries.Select(entry => (string?)entry!["resource"]?["id"] ?? "").Where(ids.Contains).ToList());
        var observations = await FollowAsync((await server.GetAsync("Observation/_history?_count=2")).Json);
        Assert.All(observations, entry => Assert.Contains("/Observation/", (string?)entry!["fullUrl"], StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("_count=-1")]
    [InlineData("_count=many")]
    [InlineData("_sort=name")]
    [InlineData("_since=yesterday")]
    [InlineData("_at=2026-13")]
    [InlineData("_count=1&_count=2")]
    [InlineData("_page=forged")]
    public async Task Parameters_that_mean_nothing_are_refused(string query) => (await server.GetAsync($"_history?{query}")).IsRefused(400);

    [Fact]
    public async Task A_page_link_leads_only_where_it_was_made()
    {
        var id = await ThreeVersionsAsync();
        var next = NextOf((await server.GetAsync($"Patient/{id}/_history?_count=1")).Json)!;
        Assert.Equal(200, (await server.GetAsync(next)).Status);
        (await server.GetAsync(next.Replace($"Patient/{id}/", "", StringComparison.Ordinal))).IsRefused(400);
        (await server.GetAsync(next[..^2] + (next[^2] == 'A' ? "BA" : "AA"))).IsRefused(400);
    }

    [Fact]
    public async Task A_count_of_0_gives_the_total_alone()
    {
        var id = await ThreeVersionsAsync();
        var history = (await server.GetAsync($"Patient/{id}/_history?_count=0")).Json;
        Assert.Equal(3, (int)history["total"]!);
        Assert.Null(history["entry"]);
    }

    private async Task<string> ThreeVersionsAsync()
    {
        var id = Sample.Id();
        foreach (var family in new[] { "A", "B", "C" }) await server.PutAsync($"Patient/{id}", Sample.Patient(id, family));
        return id;
    }

    private async Task<IEnumerable<string?>> VersionsAsync(string url) =>
        (await server.GetAsync(url)).Json["entry"]?.AsArray().Select(entry => (string?)entry!["resource"]!["meta"]!["versionId"]) ?? [];

    private async Task<List<JsonNode?>> FollowAsync(JsonNode page)
    {
        var entries = new List<JsonNode?>();
        while (true)
        {
            entries.AddRange(page["entry"]?.AsArray() ?? []);
            if (NextOf(page) is not { } next) return entries;
            page = (await server.GetAsync(next)).Json;
        }
    }

    private static string? NextOf(JsonNode page) =>
        (string?)page["link"]!.AsArray().FirstOrDefault(link => (string?)link!["relation"] == "next")?["url"];

    private static string Describe(JsonNode? entry) =>
        $"{entry!["request"]!["method"]} {entry["response"]!["status"]} {entry["response"]!["etag"]}";

    private static string After(string instant) =>
        DateTimeOffset.Parse(instant, System.Globalization.CultureInfo.InvariantCulture).AddMilliseconds(2).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public async Task A_list_narrows_a_history_to_what_it_names()
    {
        var (named, other, observation, list) = (Sample.Id(), Sample.Id(), Sample.Id(), Sample.Id());
        foreach (var id in new[] { named, other, named }) await server.PutAsync($"Patient/{id}", Sample.Patient(id, Sample.Id()));
        await server.PutAsync($"Observation/{observation}", Sample.Observation(observation));
        var items = new[] { $"Patient/{named}/_history/1", $"{server.Http.BaseAddress}Observation/{observation}", "http://elsewhere.example/Patient/1", $"urn:uuid:{Guid.NewGuid()}" }
            .Select(item => $$$"""{"item":{"reference":"{{{item}}}"}}""");
        Assert.Equal(201, (await server.PutAsync($"List/{list}", $$"""{"resourceType":"List","id":"{{list}}","status":"current","mode":"working","entry":[{{string.Join(',', items)}}]}""")).Status);

        Assert.Equal([$"Observation/{observation}", $"Patient/{named}", $"Patient/{named}"], await KeysAsync($"_history?_list={list}"));
        Assert.Equal([$"Patient/{named}", $"Patient/{named}"], await KeysAsync($"Patient/_history?_list=List/{list}"));
        var page = await server.GetAsync($"Patient/_history?_list={list}&_count=1");
        Assert.Equal(2, (int)page.Json["total"]!);
        var next = (string)page.Json["link"]!.AsArray().Single(link => (string?)link!["relation"] == "next")!["url"]!;
        Assert.Equal([$"Patient/{named}"], await KeysAsync(next));
        Assert.Empty(await KeysAsync($"_history?_list={Sample.Id()}"));
        (await server.GetAsync("_history?_list=$current-problems")).IsRefused(400);
    }

    private async Task<IReadOnlyList<string>> KeysAsync(string url) =>
    [
        .. (await server.GetAsync(url)).Json["entry"]?.AsArray().Select(entry => $"{entry!["resource"]!["resourceType"]}/{entry["resource"]!["id"]}") ?? [],
    ];
}
