using System.Globalization;
using System.Text.Json.Nodes;

using EventFhir.ServerTests.Running;

using Npgsql;

using Xunit;

namespace EventFhir.ServerTests.Feed;

/// <summary>GET /feed.</summary>
public sealed class FollowingTheFeed(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task Each_write_is_an_event_with_the_text_that_a_read_returns()
    {
        var start = await StartAsync();
        var id = Sample.Id();
        var put = await server.PutAsync($"Patient/{id}", Sample.Patient(id), "X-Request-Id: r-1");
        await server.PutAsync($"Patient/{id}", Sample.Patient(id, "Huber"));
        var deleted = await server.DeleteAsync($"Patient/{id}");
        await AwaitAsync(deleted);

        var page = await FeedAsync($"?after={start}");
        Assert.Equal("application/cloudevents-batch+json; charset=utf-8", page.Headers["Content-Type"]);
        var events = page.Json.AsArray().Where(e => (string?)e!["subject"] == $"Patient/{id}").ToList();
        Assert.Equal(["created", "updated", "deleted"], events.Select(e => ((string)e!["type"]!).Split('.')[^1]));
        Assert.Equal([1, 2, 3], events.Select(e => (int)e!["efversion"]!));
        Assert.Equal(put.Text, events[0]!["data"]!.ToJsonString(Relaxed));
        Assert.Equal(put.Headers["EventFhir-Tx"], (string?)events[0]!["eftx"]);
        Assert.Equal("1.0", (string?)events[0]!["specversion"]);
        Assert.Equal(server.Http.BaseAddress!.ToString().TrimEnd('/'), (string?)events[0]!["source"]);
        Assert.Null(events[2]!["data"]);
        // The cursors are one apart, and each can be gone on from.
        var positions = events.Select(e => PositionOf((string)e!["efcursor"]!)).ToList();
        Assert.Equal(positions[0] + 2, positions[2]);
        var rest = await FeedAsync($"?after={(string)events[1]!["efcursor"]!}&resource=Patient/{id}");
        Assert.Equal((string?)events[2]!["id"], (string?)Assert.Single(rest.Json.AsArray())!["id"]);
        Assert.Equal("true", rest.Headers["EventFhir-Caught-Up"]);
    }

    [Fact]
    public async Task Next_leads_through_all_events_without_a_gap_and_full_pages_may_be_kept()
    {
        var start = await StartAsync();
        HttpAnswer last = null!;
        for (var n = 0; n < 25; n++) last = await server.PostAsync("Patient", Sample.Patient(family: $"F{n}"));
        await AwaitAsync(last);
        var (seen, next, first) = (new List<long>(), start, "");
        while (true)
        {
            var page = await FeedAsync($"?after={next}&limit=10");
            seen.AddRange(page.Json.AsArray().Select(e => PositionOf((string)e!["efcursor"]!)));
            var isFull = page.Headers["EventFhir-Caught-Up"] == "false";
            Assert.Equal(isFull ? "max-age=86400, private, immutable" : "no-store", page.Headers["Cache-Control"]);
            Assert.Contains($"/feed?after={page.Headers["EventFhir-Next"]}&limit=10>; rel=\"next\"", page.Headers["Link"], StringComparison.Ordinal);
            if (first.Length == 0) first = page.Text;
            next = page.Headers["EventFhir-Next"];
            if (!isFull) break;
        }
        Assert.Equal(Enumerable.Range(0, seen.Count).Select(place => PositionOf(start) + 1 + place), seen);
        Assert.True(seen.Count >= 25);
        Assert.Equal(first, (await FeedAsync($"?after={start}&limit=10")).Text);
    }

    [Fact]
    public async Task What_was_written_together_is_on_one_page()
    {
        var start = await StartAsync();
        await server.PostAsync("Patient", Sample.Patient());
        var entries = string.Join(',', Enumerable.Range(0, 5).Select(n => $$"""{"resource":{{Sample.Patient(family: $"B{n}")}},"request":{"method":"POST","url":"Patient"} }"""));
        var bundle = await server.PostAsync("", $$"""{"resourceType":"Bundle","type":"transaction","entry":[{{entries}}]}""");
        Assert.Equal(200, bundle.Status);
        await AwaitAsync(await server.PostAsync("Patient", Sample.Patient()));

        var tx = bundle.Headers["EventFhir-Tx"];
        for (var (next, found) = (start, 0); found == 0;)
        {
            var page = await FeedAsync($"?after={next}&limit=3");
            found = page.Json.AsArray().Count(e => (string?)e!["eftx"] == tx);
            if (found > 0) Assert.Equal(5, found);
            Assert.NotEqual(next, page.Headers["EventFhir-Next"]);
            next = page.Headers["EventFhir-Next"];
        }
    }

    [Theory]
    [InlineData("type=Observation", "o")]
    [InlineData("type=Observation,Patient", "a b o a b")]
    [InlineData("type=Patient&type=Observation&event=updated", "a")]
    [InlineData("event=created", "a b o")]
    [InlineData("event=org.eventfhir.resource.deleted", "b")]
    [InlineData("resource=Patient/{a}", "a a")]
    [InlineData("resource=Patient/{a},Observation/{o}&event=created", "a o")]
    [InlineData("compartment=Patient/{a}", "a o a")]
    [InlineData("compartment=Patient/{b}", "b b")]
    [InlineData("tag=http://t|red", "a a")]
    [InlineData("tag=http://t|blue", "a")]
    [InlineData("tag=http://t|red&compartment=Patient/{b}", "")]
    public async Task A_filter_leaves_out_the_others_and_goes_past_them(string filter, string expected)
    {
        var start = await StartAsync();
        var (a, b, o) = (Sample.Id(), Sample.Id(), Sample.Id());
        await server.PutAsync($"Patient/{a}", Tagged(a, "red"));
        await server.PutAsync($"Patient/{b}", Sample.Patient(b));
        await server.PutAsync($"Observation/{o}", $$"""{"resourceType":"Observation","id":"{{o}}","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{{a}}"} }""");
        // The version loses the tag that it had: whoever follows the tag is told.
        await server.PutAsync($"Patient/{a}", Tagged(a, "blue"));
        await AwaitAsync(await server.DeleteAsync($"Patient/{b}"));

        var page = await FeedAsync($"?after={start}&{filter.Replace("{a}", a, StringComparison.Ordinal).Replace("{b}", b, StringComparison.Ordinal).Replace("{o}", o, StringComparison.Ordinal)}");
        var names = page.Json.AsArray().Select(e => ((string)e!["subject"]!).Split('/')[1]).Select(id => id == a ? "a" : id == b ? "b" : "o");
        Assert.Equal(expected, string.Join(' ', names));
        Assert.Equal(page.Headers["EventFhir-Head"], page.Headers["EventFhir-Next"]);
    }

    [Fact]
    public async Task Shards_share_the_feed_and_keep_each_resource_together()
    {
        var start = await StartAsync();
        HttpAnswer last = null!;
        for (var n = 0; n < 24; n++) last = await server.PutAsync($"Patient/shard-{n % 8}", Sample.Patient($"shard-{n % 8}", $"F{n}"));
        await AwaitAsync(last);
        var all = (await FeedAsync($"?after={start}")).Json.AsArray().Select(e => (string)e!["id"]!).ToList();
        var parts = new List<(int Shard, string Subject, string Id)>();
        for (var shard = 1; shard <= 3; shard++)
            parts.AddRange((await FeedAsync($"?after={start}&shard={shard}/3")).Json.AsArray().Select(e => (shard, (string)e!["subject"]!, (string)e["id"]!)));
        Assert.Equal(all.Order(), parts.Select(part => part.Id).Order());
        Assert.All(parts.GroupBy(part => part.Subject), subject => Assert.Single(subject.Select(part => part.Shard).Distinct()));
        Assert.True(parts.Select(part => part.Shard).Distinct().Count() > 1);
    }

    [Fact]
    public async Task Bodies_are_left_out_or_told_by_what_changed_or_with_the_version_before()
    {
        var start = await StartAsync();
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        await AwaitAsync(await server.PutAsync($"Patient/{id}", Sample.Patient(id, "Huber")));
        var query = $"?after={start}&resource=Patient/{id}";
        Assert.All((await FeedAsync(query + "&body=none")).Json.AsArray(), e => Assert.Null(e!["data"]));
        var changes = (await FeedAsync(query + "&body=changed-paths")).Json.AsArray().Select(e => e!["data"]!["changedPaths"]!.ToJsonString()).ToList();
        Assert.Equal(["""["name","birthDate"]""", """["name[0].family"]"""], changes);
        var both = (await FeedAsync(query + "&previous=true")).Json.AsArray();
        Assert.Null(both[0]!["data"]!["previous"]);
        Assert.Equal("Meier", (string?)both[1]!["data"]!["previous"]!["name"]![0]!["family"]);
        Assert.Equal("Huber", (string?)both[1]!["data"]!["current"]!["name"]![0]!["family"]);
    }

    [Fact]
    public async Task Lines_hold_an_event_each()
    {
        var start = await StartAsync();
        await server.PostAsync("Patient", Sample.Patient());
        await AwaitAsync(await server.PostAsync("Patient", "{\n  \"resourceType\": \"Patient\",\r\n  \"active\": true }"));
        var page = await FeedAsync($"?after={start}", "Accept: application/x-ndjson");
        Assert.Equal("application/x-ndjson", page.Headers["Content-Type"]);
        var lines = page.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(PositionOf(page.Headers["EventFhir-Next"]) - PositionOf(start), lines.Length);
        Assert.All(lines, line => Assert.NotNull(JsonNode.Parse(line)!["efcursor"]));
    }

    [Fact]
    public async Task Who_waits_gets_an_event_when_it_comes()
    {
        var start = await StartAsync();
        var waiting = FeedAsync($"?after={start}&wait=30&type=Observation");
        await server.PostAsync("Patient", Sample.Patient());
        Assert.False(waiting.IsCompleted);
        var posted = await server.PostAsync("Observation", Sample.Observation());
        var page = await waiting;
        Assert.Equal($"Observation/{posted.Id}", (string?)page.Json.AsArray()[0]!["subject"]);
        Assert.Equal("[]", (await FeedAsync($"?after={await HeadAsync()}&wait=1&resource=Patient/nobody")).Text);
    }

    [Fact]
    public async Task A_stream_sends_events_as_they_come_and_goes_on_after_the_last_id()
    {
        var start = await StartAsync();
        await server.PostAsync("Patient", Sample.Patient(family: "First"));
        var received = new List<(string Id, string Family)>();
        using (var stream = await StreamAsync($"?after={start}"))
        {
            received.Add(await NextAsync(stream));
            await server.PostAsync("Patient", Sample.Patient(family: "Second"));
            received.Add(await NextAsync(stream));
        }
        await server.PostAsync("Patient", Sample.Patient(family: "Third"));
        using (var stream = await StreamAsync($"?after={start}", received[1].Id)) received.Add(await NextAsync(stream));
        Assert.Equal(["First", "Second", "Third"], received.Select(e => e.Family));
        Assert.Equal([1L, 2, 3], received.Select(e => PositionOf(e.Id) - PositionOf(start)));
    }

    [Theory]
    [InlineData("?after=4711")]
    [InlineData("?after=e1.-1")]
    [InlineData("?limit=0")]
    [InlineData("?limit=1001")]
    [InlineData("?wait=61")]
    [InlineData("?type=Patien")]
    [InlineData("?event=changed")]
    [InlineData("?resource=123")]
    [InlineData("?compartment=Observation/1")]
    [InlineData("?shard=3/2")]
    [InlineData("?shard=0/2")]
    [InlineData("?body=half")]
    [InlineData("?previous=1")]
    [InlineData("?sort=time")]
    [InlineData("/at?time=yesterday")]
    [InlineData("/at?time=2999-01-01T00:00:00Z")]
    [InlineData("/await?tx=1")]
    public async Task What_is_not_understood_is_refused(string query)
    {
        var refused = await FeedAsync(query);
        Assert.Equal(400, refused.Status);
        Assert.Equal("application/problem+json", refused.Headers["Content-Type"]);
        Assert.NotEmpty((string)refused.Json["detail"]!);
    }

    [Fact]
    public async Task A_cursor_of_another_log_or_beyond_this_one_is_refused_as_rewound()
    {
        var head = await HeadAsync();
        var beyond = await FeedAsync($"?after=e1.{PositionOf(head) + 1_000_000}");
        Assert.Equal((409, "log-rewound"), (beyond.Status, (string?)beyond.Json["title"]));
        Assert.True(PositionOf((string)beyond.Json["common"]!) >= PositionOf(head));
        Assert.Equal(409, (await FeedAsync("?after=e9.0")).Status);
        Assert.Equal(406, (await FeedAsync("", "Accept: text/csv")).Status);
    }

    [Fact]
    public async Task An_instant_leads_to_the_cursor_of_what_had_been_written_by_then()
    {
        await server.PostAsync("Patient", Sample.Patient());
        var instant = DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture);
        var at = await FeedAsync($"/at?time={Uri.EscapeDataString(instant)}");
        await AwaitAsync(await server.PostAsync("Patient", Sample.Patient()));
        Assert.Equal(at.Text, (await FeedAsync($"/at?time={Uri.EscapeDataString(instant)}")).Text);
        Assert.True(PositionOf((string)at.Json["cursor"]!) < PositionOf(await HeadAsync()));
        Assert.Equal("e1.0", (string?)(await FeedAsync("/at?time=2000-01-01T00:00:00Z")).Json["cursor"]);
    }

    [Fact]
    public async Task A_read_may_ask_to_see_a_position_first()
    {
        var cursor = await AwaitAsync(await server.PostAsync("Patient", Sample.Patient()));
        Assert.Equal(200, (await server.GetAsync("Patient", $"EventFhir-Min-Position: {cursor}")).Status);
        var waiting = server.GetAsync("Patient", $"EventFhir-Min-Position: e1.{PositionOf(await HeadAsync()) + 1}");
        await server.PostAsync("Patient", Sample.Patient());
        Assert.Equal(200, (await waiting).Status);
        Assert.Equal(400, (await server.GetAsync("Patient", "EventFhir-Min-Position: soon")).Status);
    }

    [Fact]
    public async Task A_repeated_request_and_one_that_changes_nothing_name_no_transaction()
    {
        var (id, key) = (Sample.Id(), Sample.Id());
        Assert.True((await server.PutAsync($"Patient/{id}", Sample.Patient(id), $"Idempotency-Key: {key}")).Headers.ContainsKey("EventFhir-Tx"));
        Assert.False((await server.PutAsync($"Patient/{id}", Sample.Patient(id), $"Idempotency-Key: {key}")).Headers.ContainsKey("EventFhir-Tx"));
        Assert.False((await server.PutAsync($"Patient/{id}", Sample.Patient(id))).Headers.ContainsKey("EventFhir-Tx"));
    }

    private static readonly System.Text.Json.JsonSerializerOptions Relaxed =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string Tagged(string id, string code) =>
        $$$"""{"resourceType":"Patient","id":"{{{id}}}","meta":{"tag":[{"system":"http://t","code":"{{{code}}}"}]}}""";

    private static long PositionOf(string cursor) => long.Parse(cursor.AsSpan(cursor.IndexOf('.', StringComparison.Ordinal) + 1), CultureInfo.InvariantCulture);

    private Task<HttpAnswer> FeedAsync(string rest, params string[] headers) => server.GetAsync(new Uri(server.Http.BaseAddress!, "/feed" + rest).ToString(), headers);

    private async Task<string> HeadAsync() => (string)(await FeedAsync("/head")).Json["head"]!;

    /// <summary>A head behind which nothing comes of what earlier tests have written: it is placed before what is written after it.</summary>
    private async Task<string> StartAsync() => await AwaitAsync(await server.PostAsync("Patient", Sample.Patient()));

    private async Task<string> AwaitAsync(HttpAnswer written)
    {
        var placed = await FeedAsync($"/await?tx={written.Headers["EventFhir-Tx"]}");
        Assert.Equal(200, placed.Status);
        return (string)placed.Json["cursor"]!;
    }

    private async Task<StreamReader> StreamAsync(string query, string? lastId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Http.BaseAddress!, "/feed" + query));
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (lastId is not null) request.Headers.Add("Last-Event-ID", lastId);
        var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        return new StreamReader(await response.Content.ReadAsStreamAsync());
    }

    private static async Task<(string Id, string Family)> NextAsync(StreamReader stream)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        var id = "";
        while (await stream.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
            if (line.StartsWith("data: ", StringComparison.Ordinal)) return (id, (string)JsonNode.Parse(line[6..])!["data"]!["name"]![0]!["family"]!);
        }
        throw new InvalidOperationException("The stream ended.");
    }
}

/// <summary>A log that is set back, on a server of its own.</summary>
public sealed class RewindingTheFeed(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task Cursors_from_before_go_on_and_those_beyond_are_told_where_to_return_to()
    {
        HttpAnswer last = null!;
        for (var n = 0; n < 6; n++) last = await server.PostAsync("Patient", Sample.Patient());
        await GetAsync($"/feed/await?tx={last.Headers["EventFhir-Tx"]}");
        // As a point-in-time recovery to after the fourth leaves it.
        await using var connection = new NpgsqlConnection(server.Connection);
        await connection.OpenAsync();
        await using (var rewind = new NpgsqlCommand(
            "delete from es.event where seq in (select seq from es.feed where position > 4); delete from es.feed where position > 4;"
            + "delete from es.feed_batch where last_position > 4; update es.sequencer set position = 4; select es.open_epoch('test')", connection))
            await rewind.ExecuteNonQueryAsync();
        var next = await server.PostAsync("Patient", Sample.Patient());
        Assert.Equal("e2.5", (string?)(await GetAsync($"/feed/await?tx={next.Headers["EventFhir-Tx"]}")).Json["cursor"]);

        var beyond = await GetAsync("/feed?after=e1.5");
        Assert.Equal((409, "e2.4"), (beyond.Status, (string?)beyond.Json["common"]));
        var on = await GetAsync("/feed?after=e1.3");
        Assert.Equal((200, "e2.5"), (on.Status, on.Headers["EventFhir-Next"]));
        Assert.Equal(["e2.4", "e2.5"], on.Json.AsArray().Select(e => (string)e!["efcursor"]!));

        await using (var prune = new NpgsqlCommand("delete from es.feed where position <= 2", connection)) await prune.ExecuteNonQueryAsync();
        var gone = await GetAsync("/feed?after=e1.1");
        Assert.Equal((410, "e2.2"), (gone.Status, (string?)gone.Json["earliest"]));
        Assert.Equal(200, (await GetAsync("/feed?after=e2.2")).Status);
    }

    private Task<HttpAnswer> GetAsync(string path) => server.GetAsync(new Uri(server.Http.BaseAddress!, path).ToString());
}
