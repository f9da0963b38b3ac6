using System.Globalization;
using System.Text.Json.Nodes;

using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests.Time;

/// <summary>_asOf on reads, searches and histories.</summary>
public sealed class AskingAsOf(RunningServer server) : IClassFixture<RunningServer>
{
    private const string Header = "EventFhir-As-Of";

    [Fact]
    public async Task A_read_is_as_of_an_instant_or_a_place_in_the_feed()
    {
        var id = Sample.Id();
        var before = await NowAsync();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id, "First"));
        var first = await NowAsync();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id, "Second"));
        var second = await NowAsync();
        await server.DeleteAsync($"Patient/{id}");
        var third = await NowAsync();

        (await server.GetAsync($"Patient/{id}?_asOf={before}")).IsRefused(404);
        var read = await server.GetAsync($"Patient/{id}?_asOf={first}");
        Assert.Equal(("First", "W/\"1\""), ((string?)read.Json["name"]![0]!["family"], read.ETag));
        Assert.Equal("Second", (string?)(await server.GetAsync($"Patient/{id}?_asOf={second}")).Json["name"]![0]!["family"]);
        (await server.GetAsync($"Patient/{id}?_asOf={third}")).IsRefused(410);
        Assert.Equal(read.Text, (await server.GetAsync($"Patient/{id}?_asOf={read.Headers[Header]}")).Text);
        Assert.Equal(read.Text, (await server.GetAsync($"Patient/{id}/_history/1")).Text);
    }

    [Fact]
    public async Task The_instant_at_which_a_version_was_made_shows_it()
    {
        var id = Sample.Id();
        var made = (string)(await server.PutAsync($"Patient/{id}", Sample.Patient(id))).Json["meta"]!["lastUpdated"]!;
        // Other tests write too, and what was recorded within the same millisecond is told apart by position alone. On a quick machine that one is not over.
        var over = DateTimeOffset.Parse(made, CultureInfo.InvariantCulture).AddMilliseconds(1);
        while (DateTimeOffset.UtcNow < over) await Task.Delay(1);
        var read = await server.GetAsync($"Patient/{id}?_asOf={made[..^1]}999Z");
        Assert.Equal((200, made), (read.Status, (string?)read.Json["meta"]!["lastUpdated"]));
    }

    [Fact]
    public async Task A_search_with_chains_includes_sorting_total_and_pages_is_the_same_for_ever()
    {
        var tag = Sample.Id();
        for (var number = 0; number < 7; number++)
        {
            await server.PutAsync($"Patient/{tag}-{number}", Tagged(Sample.Patient($"{tag}-{number}", $"F{number}"), tag));
            await server.PutAsync($"Observation/{tag}-{number}", Tagged(About(Sample.Observation($"{tag}-{number}", $"{number}.5"), $"{tag}-{number}"), tag));
        }
        var then = await NowAsync();
        string[] searches =
        [
            $"Patient?_tag={tag}&_sort=-family&_total=accurate&_asOf={then}", $"Observation?_tag={tag}&subject.family=F3&_include=Observation:subject&_asOf={then}",
            $"Patient?_tag={tag}&_has:Observation:subject:value-quantity=gt3&_revinclude=Observation:subject&_asOf={then}",
            $"Patient/{tag}-2/Observation?_asOf={then}", $"?_type=Patient,Observation&_tag={tag}&_count=5&_sort=_lastUpdated&_asOf={then}",
            $"Observation?_tag={tag}&_summary=count&_asOf={then}", $"Patient?_tag={tag}&_count=3&_asOf={then}", $"Observation?_asOf={then}&_count=2",
            $"Patient?_tag={tag}&birthdate=ap1990&_asOf={then}",
        ];
        var answers = new List<string>();
        foreach (var search in searches) answers.Add(await PagesAsync(search));
        Assert.Contains("\"total\":7", answers[0], StringComparison.Ordinal);

        for (var number = 0; number < 7; number++)
        {
            if (number % 2 == 0) await server.DeleteAsync($"Observation/{tag}-{number}");
            await server.PutAsync($"Patient/{tag}-{number}", Tagged(Sample.Patient($"{tag}-{number}", $"G{6 - number}"), tag));
            await server.PutAsync($"Patient/{tag}-new{number}", Tagged(Sample.Patient($"{tag}-new{number}"), tag));
        }
        Assert.Equal(answers, await Task.WhenAll(searches.Select(PagesAsync)));
        // Posted, and as of the place instead of the instant, it is the same.
        var place = (await server.GetAsync(searches[0])).Headers[Header];
        var entries = (await server.GetAsync($"Patient?_tag={tag}&_sort=-family&_total=accurate&_asOf={place}")).Json["entry"]!.ToJsonString();
        Assert.Equal((await server.GetAsync(searches[0])).Json["entry"]!.ToJsonString(), entries);
        var posted = await server.SendAsync("POST", "Patient/_search", $"_tag={tag}&_sort=-family&_total=accurate&_asOf={place}", "Content-Type: application/x-www-form-urlencoded");
        Assert.Equal(entries, posted.Json["entry"]!.ToJsonString());
    }

    [Fact]
    public async Task A_history_as_of_then_ends_there_and_its_pages_go_on_from_each_other()
    {
        var id = Sample.Id();
        for (var number = 0; number < 5; number++) await server.PutAsync($"Patient/{id}", Sample.Patient(id, $"F{number}"));
        var then = await NowAsync();
        var whole = await server.GetAsync($"Patient/{id}/_history?_asOf={then}");
        var (type, system) = (await PagesAsync($"Patient/_history?_count=3&_asOf={then}"), await PagesAsync($"_history?_count=4&_asOf={then}"));
        await server.DeleteAsync($"Patient/{id}");
        Assert.Equal(whole.Text, (await server.GetAsync($"Patient/{id}/_history?_asOf={then}")).Text);
        Assert.Equal((5, 5), ((int)whole.Json["total"]!, whole.Json["entry"]!.AsArray().Count));
        Assert.Equal(type, await PagesAsync($"Patient/_history?_count=3&_asOf={then}"));
        Assert.Equal(system, await PagesAsync($"_history?_count=4&_asOf={then}"));
        (await server.GetAsync($"Patient/{id}/_history?_asOf=e1.0")).IsRefused(404);
        var oldest = (await server.GetAsync($"Patient/{id}/_history?_sort=_lastUpdated&_count=2&_asOf={then}")).Json;
        Assert.Equal(["W/\"1\"", "W/\"2\""], oldest["entry"]!.AsArray().Select(entry => (string?)entry!["response"]!["etag"]));
    }

    [Fact]
    public async Task A_place_amid_a_transaction_means_what_was_there_before_it()
    {
        var ids = Enumerable.Range(0, 4).Select(_ => Sample.Id()).ToList();
        var before = await server.GetAsync($"Patient?_asOf={await NowAsync()}&_summary=count");
        var entries = ids.Select(id => $$"""{"resource":{{Sample.Patient(id)}},"request":{"method":"PUT","url":"Patient/{{id}}"} }""");
        await server.PostAsync("", $$"""{"resourceType":"Bundle","type":"transaction","entry":[{{string.Join(',', entries)}}]}""");
        // Whoever asks as of now has everything placed first.
        await server.GetAsync($"Patient?_asOf={await NowAsync()}&_summary=count");
        var places = new List<long>();
        foreach (var id in ids) places.Add(Position((await server.GetAsync($"Patient/{id}/$replay")).Json));
        places.Sort();
        foreach (var place in places)
        {
            var found = await server.GetAsync($"Patient?_id={string.Join(',', ids)}&_asOf=e1.{place}");
            Assert.Equal(place == places[^1] ? 4 : 0, (int)found.Json["total"]!);
            Assert.Equal(place == places[^1] ? $"e1.{place}" : $"e1.{places[0] - 1}", found.Headers[Header]);
        }
        Assert.Equal((int)before.Json["total"]! + 4, (int)(await server.GetAsync($"Patient?_asOf={await NowAsync()}&_summary=count")).Json["total"]!);
    }

    [Fact]
    public async Task The_difference_between_two_instants_is_that_of_their_versions()
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id, "A"));
        var first = await NowAsync();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id, "B"));
        await server.PutAsync($"Patient/{id}", Sample.Patient(id, "C"));
        var second = await NowAsync();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id, "D"));
        Assert.Equal(
            (await server.GetAsync($"Patient/{id}/$diff?from=1&to=3")).Text, (await server.GetAsync($"Patient/{id}/$diff?from={first}&to={second}")).Text);
        (await server.GetAsync($"Patient/{id}/$diff?from=e1.0&to={second}")).IsRefused(404);
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("2020-01-01")]
    [InlineData("2020-01-01T00:00:00")]
    [InlineData("2999-01-01T00:00:00Z")]
    [InlineData("e1.999999999")]
    [InlineData("e7.1")]
    [InlineData("")]
    [InlineData("e1.1&_asOf=e1.2")]
    public async Task A_time_that_is_none_or_has_not_come_is_refused(string text)
    {
        var id = (await server.PostAsync("Patient", Sample.Patient())).Id;
        foreach (var url in (string[])[$"Patient/{id}", "Patient", $"Patient/{id}/_history", "_history", $"Patient/{id}/Observation"])
            (await server.GetAsync($"{url}?_asOf={text}")).IsRefused(400);
    }

    [Fact]
    public async Task Before_the_first_write_there_was_nothing()
    {
        await server.PostAsync("Patient", Sample.Patient());
        var answer = await server.GetAsync("Patient?_asOf=2001-01-01T00:00:00Z");
        Assert.Equal((200, 0, "e1.0"), (answer.Status, (int)answer.Json["total"]!, answer.Headers[Header]));
        Assert.Equal(0, (int)(await server.GetAsync("_history?_asOf=e1.0")).Json["total"]!);
    }

    /// <summary>
    /// An instant that all writes so far are before, and none to come. It is asked for at once: then they are placed, in a batch of their own; what is
    /// written before the sequencer has passed may be placed together with them, and no instant lies within a batch.
    /// </summary>
    private async Task<string> NowAsync()
    {
        await Task.Delay(3);
        var now = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
        await Task.Delay(3);
        Assert.Equal(200, (await server.GetAsync(new Uri(server.Http.BaseAddress!, $"/feed/at?time={now}").ToString())).Status);
        return now;
    }

    private async Task<string> PagesAsync(string url)
    {
        var text = "";
        for (string? next = url; next is not null;)
        {
            var page = await server.GetAsync(next);
            Assert.Equal(200, page.Status);
            text += page.Text;
            next = (string?)page.Json["link"]!.AsArray().FirstOrDefault(link => (string?)link!["relation"] == "next")?["url"];
        }
        return text;
    }

    private static long Position(JsonNode replay) =>
        long.Parse(((string)replay["parameter"]![0]!["part"]!.AsArray().Single(part => (string?)part!["name"] == "position")!["valueString"]!)[3..], CultureInfo.InvariantCulture);

    private static string Tagged(string resource, string tag) => resource.Replace("\"resourceType\"", $$"""
        "meta":{"tag":[{"code":"{{tag}}"}]},"resourceType"
        """, StringComparison.Ordinal);

    private static string About(string observation, string patient) => observation.Replace("\"status\"", $$"""
        "subject":{"reference":"Patient/{{patient}}"},"status"
        """, StringComparison.Ordinal);
}
