using System.Text.Json.Nodes;

using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>/admin/projections: what is derived from the log, seen and steered.</summary>
public sealed class SteeringProjections(PostgresCluster postgres) : IAsyncLifetime
{
    private const string Path = "../admin/projections";
    private readonly RunningServer server = new(postgres);

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task What_is_written_inline_is_never_behind_and_a_follower_that_is_paused_is()
    {
        await server.PutAsync("Patient/anna", Sample.Patient("anna"));
        await UntilAsync("tree", status => (long)status["lagEvents"]! == 0 && (string?)status["position"] == "e1.1");
        Assert.Equal("paused", (string?)(await server.PostAsync($"{Path}/tree/$pause", "")).Json["state"]);
        for (var n = 0; n < 3; n++) await server.PutAsync("Patient/anna", Sample.Patient("anna", $"Meier{n}"));
        var search = await UntilAsync("search", status => (string?)status["position"] == "e1.4");
        Assert.Equal(("inline", "running", 0L), ((string?)search["kind"], (string?)search["state"], (long)search["lagEvents"]!));
        var tree = await StatusAsync("tree");
        Assert.Equal(("follower", "paused", "e1.1", 3L), ((string?)tree["kind"], (string?)tree["state"], (string?)tree["position"], (long)tree["lagEvents"]!));
        Assert.True((double)tree["lagSeconds"]! > 0);
        while (await HealthAsync() == "healthy\n") await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Equal("degraded\ntree is paused\n", await HealthAsync());

        Assert.Equal("running", (string?)(await server.PostAsync($"{Path}/tree/$resume", "")).Json["state"]);
        await UntilAsync("tree", status => (string?)status["position"] == "e1.4");
        while (await HealthAsync() != "healthy\n") await Task.Delay(50, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("search")]
    [InlineData("tree")]
    public async Task A_rebuild_goes_on_in_the_background(string name)
    {
        for (var n = 0; n < 5; n++) await server.PutAsync("Patient/anna", Sample.Patient("anna", $"Meier{n}"));
        await UntilAsync("tree", status => (string?)status["position"] == "e1.5");
        Assert.Equal(202, (await server.PostAsync($"{Path}/{name}/$rebuild", "")).Status);
        var done = await UntilAsync(name, status => (string?)status["rebuild"]?["state"] == "done");
        Assert.Equal(name == "search" ? 1 : 5, (long)done["rebuild"]!["done"]!);
        Assert.Equal(("running", "e1.5"), ((string?)done["state"], (string?)done["position"]));
        Assert.Equal(1, (int)(await server.GetAsync("Patient?family=Meier4&_summary=count")).Json["total"]!);
    }

    [Theory]
    [InlineData("nothing/$pause", 404)]
    [InlineData("nothing/$rebuild", 404)]
    [InlineData("search/$pause", 400)]
    [InlineData("search/$resume", 400)]
    [InlineData("tree/$pause", 403, "X-Forwarded-For: 10.0.0.1")]
    [InlineData("tree/$rebuild", 403, "Origin: http://example.org")]
    public async Task What_cannot_be_or_may_not_is_refused(string request, int status, params string[] headers)
    {
        Assert.Equal(status, (await server.PostAsync($"{Path}/{request}", "", headers)).Status);
        Assert.Equal("running", (string?)(await StatusAsync("search"))["state"]);
    }

    private async Task<string> HealthAsync() => (await server.GetAsync("../health")).Text;

    private async Task<JsonNode> StatusAsync(string name) =>
        (await server.GetAsync(Path)).Json["projections"]!.AsArray().Single(status => (string?)status!["name"] == name)!;

    private async Task<JsonNode> UntilAsync(string name, Func<JsonNode, bool> condition)
    {
        while (true)
        {
            var all = (await server.GetAsync(Path)).Json["projections"]!.AsArray();
            if (all.SingleOrDefault(status => (string?)status!["name"] == name) is { } found && condition(found)) return found;
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
