using EventFhir.ServerTests.Bundles;
using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>The weak ETag of searches and histories.</summary>
public sealed class TaggingBundles(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly string family = "Tagged" + Guid.NewGuid().ToString("N");

    [Theory]
    [InlineData("Patient?family={0}")]
    [InlineData("Patient?family={0}&_count=1")]
    [InlineData("Patient?family={0}&_summary=count")]
    [InlineData("Patient/_history?_count=2")]
    [InlineData("_history?_count=2")]
    public async Task A_Bundle_that_has_not_changed_is_304_and_one_that_has_is_another(string form)
    {
        var url = form.Replace("{0}", family, StringComparison.Ordinal);
        for (var i = 0; i < 2; i++) await server.PostAsync("Patient", Sample.Patient(family: family));
        var first = await server.GetAsync(url);
        Assert.StartsWith("W/\"", first.ETag, StringComparison.Ordinal);
        var again = await server.GetAsync(url, $"If-None-Match: {first.ETag}");
        Assert.Equal((304, "", first.ETag), (again.Status, again.Text, again.ETag));
        Assert.Equal(200, (await server.GetAsync(url, "If-None-Match: W/\"other\"")).Status);
        await server.PostAsync("Patient", Sample.Patient(family: family));
        var changed = await server.GetAsync(url, $"If-None-Match: {first.ETag}");
        Assert.Equal(200, changed.Status);
        Assert.NotEqual(first.ETag, changed.ETag);
    }

    [Fact]
    public async Task Another_version_and_another_question_are_other_Bundles()
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        var first = await server.GetAsync($"Patient?_id={id}");
        var whole = await server.GetAsync($"Patient?_id={id}&_summary=true");
        await server.PutAsync($"Patient/{id}", Sample.Patient(id, "Other"));
        var second = await server.GetAsync($"Patient?_id={id}");
        Assert.Equal(3, new[] { first.ETag, whole.ETag, second.ETag }.Distinct().Count());
    }

    [Fact]
    public async Task A_later_page_of_a_history_keeps_its_tag_while_others_write()
    {
        var id = Sample.Id();
        for (var version = 1; version <= 3; version++) await server.PutAsync($"Patient/{id}", Sample.Patient(id, $"V{version}"));
        var (firstTag, firstLink) = await NextAsync(id);
        await server.PostAsync("Patient", Sample.Patient(family: family));
        var (secondTag, secondLink) = await NextAsync(id);
        Assert.Equal(firstTag, secondTag);
        Assert.NotEqual(firstLink, secondLink);
        var first = await server.GetAsync(firstLink);
        Assert.Equal(304, (await server.GetAsync(secondLink, $"If-None-Match: {first.ETag}")).Status);
    }

    private async Task<(string? Tag, string Link)> NextAsync(string id)
    {
        var page = await server.GetAsync($"Patient/{id}/_history?_count=1");
        return (page.ETag, (string)page.Json["link"]!.AsArray().Single(link => (string?)link!["relation"] == "next")!["url"]!);
    }

    [Fact]
    public async Task An_entry_of_a_batch_may_have_one_too()
    {
        await server.PostAsync("Patient", Sample.Patient(family: family));
        var tag = (await server.GetAsync($"Patient?family={family}")).ETag!;
        var condition = $",\"ifNoneMatch\":{System.Text.Json.JsonSerializer.Serialize(tag)}";
        var answer = await server.PostAsync("", Bundled.Batch(
            Bundled.Only("GET", $"Patient?family={family}"), Bundled.Only("GET", $"Patient?family={family}", condition)));
        Assert.Equal(tag, (string?)answer.Response(0)["etag"]);
        Assert.Equal("304", answer.StatusOf(1));
    }
}
