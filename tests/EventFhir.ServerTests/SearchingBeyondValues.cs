using System.Text.Json.Nodes;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>Searches for places, words and contained resources over HTTP; what they find is the oracle's business.</summary>
public sealed class SearchingBeyondValues(RunningServer server, PostgresCluster postgres) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task Near_finds_places_within_a_distance()
    {
        await server.PutAsync("Location/berlin", """{"resourceType":"Location","id":"berlin","position":{"latitude":52.52,"longitude":13.405}}""");
        await server.PutAsync("Location/potsdam", """{"resourceType":"Location","id":"potsdam","position":{"latitude":52.396,"longitude":13.058}}""");
        Assert.Equal(["berlin"], Ids(await EntriesAsync("Location?near=52.52|13.40|5|km")));
        Assert.Equal(["berlin", "potsdam"], Ids(await EntriesAsync("Location?near=52.52|13.40|40|km&_sort=_id")));
    }

    [Fact]
    public async Task Words_are_found_with_scores()
    {
        await server.PutAsync("Condition/much", Condition("much", "bone and bone again"));
        await server.PutAsync("Condition/little", Condition("little", "a bone of a very long and complicated story"));
        var entries = await EntriesAsync("Condition?_text=bone OR nothing&_sort=_score");
        Assert.Equal(["much", "little"], Ids(entries));
        Assert.All(entries, entry => Assert.InRange((decimal)entry!["search"]!["score"]!, 0.000001m, 1));
    }

    [Fact]
    public async Task The_whole_content_is_searched_where_it_is_switched_on()
    {
        var refused = (await server.GetAsync("Condition?_content=x")).IsRefused(400);
        Assert.Contains("search-content", refused.Text, StringComparison.Ordinal);

        await using var on = new RunningServer(postgres)
        {
            Definitions = SearchDefinitions.Of(Release.R4, SwitchedOff.None.WithContent(Release.R4, "Condition")),
        };
        await on.InitializeAsync();
        await on.PutAsync("Condition/c", """{"resourceType":"Condition","id":"c","code":{"text":"Burnt ear"},"subject":{"display":"x"}}""");
        var entry = Assert.Single((await on.GetAsync("Condition?_content=burnt -ear")).Json["entry"]!.AsArray())!;
        Assert.InRange((decimal)entry["search"]!["score"]!, 0.000001m, 1);
        (await on.GetAsync("Patient?_content=x")).IsRefused(400);
    }

    [Fact]
    public async Task A_contained_resource_is_answered_by_what_holds_it_or_by_itself()
    {
        await server.PutAsync("MedicationRequest/23", """
            {"resourceType":"MedicationRequest","id":"23","contained":[{"resourceType":"Medication","id":"m1","code":{"coding":[{"code":"abc"}]},"form":{"text":"x"}}],
             "status":"active","intent":"order","medicationReference":{"reference":"#m1"},"subject":{"display":"x"}}
            """);
        Assert.Empty(await EntriesAsync("Medication?code=abc"));

        var container = Assert.Single(await EntriesAsync("Medication?code=abc&_contained=true"))!;
        Assert.Equal($"{server.Http.BaseAddress}MedicationRequest/23", (string?)container["fullUrl"]);
        Assert.Equal("MedicationRequest", (string?)container["resource"]!["resourceType"]);
        Assert.Equal("match", (string?)container["search"]!["mode"]);

        var contained = Assert.Single(await EntriesAsync("Medication?code=abc&_contained=both&_containedType=contained"))!;
        Assert.Equal($"{server.Http.BaseAddress}MedicationRequest/23#m1", (string?)contained["fullUrl"]);
        Assert.Equal("Medication", (string?)contained["resource"]!["resourceType"]);
        Assert.Equal("match", (string?)contained["search"]!["mode"]);

        var cut = Assert.Single(await EntriesAsync("Medication?code=abc&_contained=true&_containedType=contained&_elements=code"))!["resource"]!;
        Assert.Null(cut["form"]);
        Assert.NotNull(cut["code"]);
    }

    private async Task<JsonArray> EntriesAsync(string url)
    {
        var answer = await server.GetAsync(url);
        Assert.True(answer.Status == 200, answer.Text);
        return answer.Json["entry"]?.AsArray() ?? [];
    }

    private static IEnumerable<string> Ids(JsonArray entries) => entries.Select(entry => (string)entry!["resource"]!["id"]!);

    private static string Condition(string id, string text) => $$$"""
        {"resourceType":"Condition","id":"{{{id}}}","subject":{"display":"x"},
         "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{{{text}}}</div>"}}
        """;
}
