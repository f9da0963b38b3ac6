using System.Globalization;

using EventFhir.ServerTests.Running;

using Npgsql;

using Xunit;

namespace EventFhir.ServerTests.Feed;

/// <summary>/feed/groups.</summary>
public sealed class SharingTheFeed(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task Consumers_share_the_shards_and_together_get_every_event_once()
    {
        HttpAnswer last = null!;
        for (var n = 0; n < 40; n++) last = await server.PutAsync($"Patient/g-{n % 13}", Sample.Patient($"g-{n % 13}", $"F{n}"));
        await SendAsync("GET", $"/feed/await?tx={last.Headers["EventFhir-Tx"]}");
        Assert.Equal(200, (await SendAsync("PUT", "/feed/groups/etl", """{"shards":3}""")).Status);
        Assert.Equal(200, (await SendAsync("PUT", "/feed/groups/etl", """{"shards":3}""")).Status);
        Assert.Equal(409, (await SendAsync("PUT", "/feed/groups/etl", """{"shards":4}""")).Status);

        var subjects = new List<(int Shard, string Subject, int Version)>();
        for (var n = 1; n <= 3; n++)
        {
            var lease = await SendAsync("POST", "/feed/groups/etl/lease", $$"""{"consumer":"worker-{{n}}"}""");
            Assert.Equal((200, n), (lease.Status, (int)lease.Json["shard"]!));
            var page = await SendAsync("GET", $"/feed?after={(string)lease.Json["cursor"]!}&shard={(string)lease.Json["filter"]!}&type=Patient&limit=1000");
            subjects.AddRange(page.Json.AsArray().Select(e => (n, (string)e!["subject"]!, (int)e["efversion"]!)));
            var kept = await SendAsync("POST", "/feed/groups/etl/checkpoint", $$"""{"shard":{{n}},"fence":1,"cursor":"{{page.Headers["EventFhir-Next"]}}"}""");
            Assert.Equal((200, page.Headers["EventFhir-Next"]), (kept.Status, (string?)kept.Json["cursor"]));
        }
        Assert.Equal(204, (await SendAsync("POST", "/feed/groups/etl/lease", """{"consumer":"worker-4"}""")).Status);
        foreach (var resource in subjects.Where(one => one.Subject.StartsWith("Patient/g-", StringComparison.Ordinal)).GroupBy(one => one.Subject))
        {
            Assert.Single(resource.Select(one => one.Shard).Distinct());
            Assert.Equal(Enumerable.Range(1, resource.Count()), resource.Select(one => one.Version));
        }
        Assert.Equal(40, subjects.Count(one => one.Subject.StartsWith("Patient/g-", StringComparison.Ordinal)));

        var status = await SendAsync("GET", "/feed/groups/etl");
        Assert.Equal(["worker-1", "worker-2", "worker-3"], status.Json["shards"]!.AsArray().Select(shard => (string)shard!["consumer"]!));
        Assert.All(status.Json["shards"]!.AsArray(), shard => Assert.Equal(0, (long)shard!["lagEvents"]!));
        Assert.Contains("\"etl\"", (await SendAsync("GET", "/feed/groups")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_lost_a_shard_cannot_move_its_checkpoint()
    {
        HttpAnswer last = null!;
        for (var n = 0; n < 5; n++) last = await server.PostAsync("Patient", Sample.Patient());
        // A checkpoint beyond what is placed is refused.
        Assert.Equal(200, (await SendAsync("GET", $"/feed/await?tx={last.Headers["EventFhir-Tx"]}")).Status);
        await SendAsync("PUT", "/feed/groups/fenced", """{"shards":1,"after":"e1.0"}""");
        Assert.Equal(1, (long)(await SendAsync("POST", "/feed/groups/fenced/lease", """{"consumer":"slow","seconds":60}""")).Json["fence"]!);
        Assert.Equal(200, (await CheckpointAsync(fence: 1, "e1.2")).Status);
        await ExpireAsync("fenced");
        // Nobody has taken it yet: the old one may go on.
        Assert.Equal(200, (await CheckpointAsync(fence: 1, "e1.3")).Status);
        await ExpireAsync("fenced");
        var taken = await SendAsync("POST", "/feed/groups/fenced/lease", """{"consumer":"quick"}""");
        Assert.Equal((2, "e1.3"), ((long)taken.Json["fence"]!, (string)taken.Json["cursor"]!));

        var late = await CheckpointAsync(fence: 1, "e1.5");
        Assert.Equal((409, "lease-lost"), (late.Status, (string?)late.Json["title"]));
        Assert.Equal(409, (await CheckpointAsync(fence: 2, "e1.2")).Status);
        Assert.Equal(409, (await CheckpointAsync(fence: 2, "e1.999999")).Status);
        Assert.Equal(200, (await CheckpointAsync(fence: 2, "e1.4")).Status);
        // Given back, it can be taken at once, and the one who gave it back is out.
        Assert.Equal(200, (await SendAsync("POST", "/feed/groups/fenced/checkpoint", """{"shard":1,"fence":2,"seconds":0}""")).Status);
        Assert.Equal(409, (await CheckpointAsync(fence: 2, "e1.5")).Status);
        var again = await SendAsync("POST", "/feed/groups/fenced/lease", """{"consumer":"third"}""");
        Assert.Equal((4, "e1.4"), ((long)again.Json["fence"]!, (string)again.Json["cursor"]!));
        Assert.Equal(204, (await SendAsync("DELETE", "/feed/groups/fenced")).Status);
        Assert.Equal(404, (await SendAsync("GET", "/feed/groups/fenced")).Status);
        Task<HttpAnswer> CheckpointAsync(long fence, string cursor) => SendAsync(
            "POST", "/feed/groups/fenced/checkpoint", $$"""{"shard":1,"fence":{{fence.ToString(CultureInfo.InvariantCulture)}},"cursor":"{{cursor}}"}""");
    }

    [Theory]
    [InlineData("PUT", "/feed/groups/g", """{"shards":0}""", 400)]
    [InlineData("PUT", "/feed/groups/g", """{"shards":257}""", 400)]
    [InlineData("PUT", "/feed/groups/g", """{"shards":"2"}""", 400)]
    [InlineData("PUT", "/feed/groups/g", """{"after":"now"}""", 400)]
    [InlineData("PUT", "/feed/groups/g", """{"after":"e1.999999999"}""", 409)]
    [InlineData("PUT", "/feed/groups/g", "[]", 400)]
    [InlineData("PUT", "/feed/groups/g_h", "{}", 400)]
    [InlineData("POST", "/feed/groups/nobody/lease", """{"consumer":"w"}""", 404)]
    [InlineData("POST", "/feed/groups/nobody/lease", "{}", 400)]
    [InlineData("POST", "/feed/groups/nobody/lease", """{"consumer":"w","seconds":0}""", 400)]
    [InlineData("POST", "/feed/groups/nobody/lease", """{"consumer":"w","seconds":999999}""", 400)]
    [InlineData("POST", "/feed/groups/nobody/checkpoint", """{"shard":1}""", 400)]
    [InlineData("POST", "/feed/groups/nobody/checkpoint", """{"shard":1,"fence":1}""", 409)]
    [InlineData("DELETE", "/feed/groups/nobody", null, 404)]
    public async Task What_is_not_understood_is_refused(string method, string path, string? body, int status) =>
        Assert.Equal(status, (await SendAsync(method, path, body)).Status);

    private async Task ExpireAsync(string group)
    {
        await using var connection = new NpgsqlConnection(server.Connection);
        await connection.OpenAsync();
        await using var expire = new NpgsqlCommand("update es.consumer set lease_until = '2020-01-01' where name = $1", connection)
            { Parameters = { new() { Value = group } } };
        await expire.ExecuteNonQueryAsync();
    }

    private Task<HttpAnswer> SendAsync(string method, string path, string? body = null) =>
        server.SendAsync(method, new Uri(server.Http.BaseAddress!, path).ToString(), body);
}
