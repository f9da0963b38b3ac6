using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>_summary and _elements beyond searches (R4 search.html#summary, #elements), and the tag of metadata.</summary>
public sealed class Subsets(RunningServer server) : IClassFixture<RunningServer>
{
    private const string Text = "\"text\":{\"status\":\"generated\",\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">Ada</div>\"},";

    private static readonly string Patient = Sample.Patient().Replace("\"name\"", Text + "\"maritalStatus\":{\"text\":\"M\"},\"name\"", StringComparison.Ordinal);

    [Theory]
    [InlineData("_summary=true", "birthDate,name", true)]
    [InlineData("_summary=text", "text", true)]
    [InlineData("_summary=data", "birthDate,maritalStatus,name", true)]
    [InlineData("_summary=false", "birthDate,maritalStatus,name,text", false)]
    [InlineData("_elements=birthDate,maritalStatus", "birthDate,maritalStatus", true)]
    public async Task Reads_and_histories_are_cut_as_searches_are(string subset, string elements, bool isTagged)
    {
        var id = (await server.PostAsync("Patient", Patient)).Id;
        var read = (await server.GetAsync($"Patient/{id}?{subset}")).Json;
        var version = (await server.GetAsync($"Patient/{id}/_history/1?{subset}")).Json;
        var history = (await server.GetAsync($"Patient/{id}/_history?{subset}")).Json["entry"]![0]!["resource"]!;
        foreach (var resource in new[] { read, version, history })
        {
            var names = resource.AsObject().Select(member => member.Key).Except(["resourceType", "id", "meta"]).Order(StringComparer.Ordinal);
            Assert.Equal(elements, string.Join(',', names));
            Assert.Equal(isTagged ? "SUBSETTED" : null, (string?)resource["meta"]!["tag"]?[0]!["code"]);
        }
    }

    [Fact]
    public async Task A_history_may_tell_its_number_only()
    {
        var id = (await server.PostAsync("Patient", Patient)).Id;
        var history = (await server.GetAsync($"Patient/{id}/_history?_summary=count")).Json;
        Assert.Equal(1, (int)history["total"]!);
        Assert.Null(history["entry"]);
    }

    [Fact]
    public async Task Pages_of_a_history_are_cut_alike()
    {
        var id = (await server.PostAsync("Patient", Patient)).Id;
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        var first = (await server.GetAsync($"Patient/{id}/_history?_elements=birthDate&_count=1")).Json;
        var next = (string)first["link"]!.AsArray().Single(link => (string?)link!["relation"] == "next")!["url"]!;
        Assert.Null((await server.GetAsync(next)).Json["entry"]![0]!["resource"]!["name"]);
    }

    [Theory]
    [InlineData("Patient/{id}?_summary=yes")]
    [InlineData("Patient/{id}?_summary=count")]
    [InlineData("Patient/{id}?_summary=true&_summary=text")]
    [InlineData("Patient/{id}?_elements=nothing")]
    [InlineData("Patient/{id}/_history?_elements=status")]
    public async Task What_means_nothing_is_refused(string path)
    {
        var id = (await server.PostAsync("Patient", Patient)).Id;
        (await server.GetAsync(path.Replace("{id}", id, StringComparison.Ordinal))).IsRefused(400);
    }

    [Fact]
    public async Task Metadata_has_a_tag_by_which_a_client_need_not_read_it_again()
    {
        var first = await server.GetAsync("metadata");
        var again = await server.GetAsync("metadata", $"If-None-Match: {first.ETag}");
        Assert.Equal((304, ""), (again.Status, again.Text));
        Assert.Equal(200, (await server.GetAsync("metadata", "If-None-Match: W/\"other\"")).Status);
        Assert.NotEqual(first.ETag, (await server.GetAsync("metadata?mode=terminology")).ETag);
    }
}
