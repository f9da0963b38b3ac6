using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>Pages of other origins (CORS): none unless the configuration names them.</summary>
public sealed class CrossOrigin(PostgresCluster postgres)
{
    private const string App = "https://app.example.org";

    [Fact]
    public async Task Nothing_is_allowed_by_default()
    {
        await using var server = new RunningServer(postgres);
        await server.InitializeAsync();
        Assert.DoesNotContain("Access-Control-Allow-Origin", (await server.GetAsync("metadata", $"Origin: {App}")).Headers.Keys);
    }

    [Fact]
    public async Task A_page_of_a_named_origin_may_ask_and_read()
    {
        await using var server = new RunningServer(postgres) { CorsOrigins = [App] };
        await server.InitializeAsync();
        var preflight = await server.SendAsync(
            "OPTIONS", "Patient/a", body: null, $"Origin: {App}", "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: if-match");
        Assert.Equal((204, App, "if-match"), (preflight.Status, preflight.Headers["Access-Control-Allow-Origin"], preflight.Headers["Access-Control-Allow-Headers"]));
        Assert.Contains("PUT", preflight.Headers["Access-Control-Allow-Methods"], StringComparison.Ordinal);

        var answer = await server.GetAsync("Patient/nobody", $"Origin: {App}");
        Assert.Equal((404, App), (answer.Status, answer.Headers["Access-Control-Allow-Origin"]));
        Assert.Contains("ETag", answer.Headers["Access-Control-Expose-Headers"], StringComparison.Ordinal);
        Assert.Contains("Origin", answer.Headers["Vary"], StringComparison.Ordinal);

        Assert.DoesNotContain("Access-Control-Allow-Origin", (await server.GetAsync("metadata", "Origin: https://evil.example")).Headers.Keys);
        Assert.DoesNotContain("Access-Control-Allow-Origin", (await server.GetAsync("metadata")).Headers.Keys);
    }

    [Fact]
    public async Task A_star_allows_all_without_telling_them_apart()
    {
        await using var server = new RunningServer(postgres) { CorsOrigins = ["*"] };
        await server.InitializeAsync();
        Assert.Equal("*", (await server.GetAsync("metadata", $"Origin: {App}")).Headers["Access-Control-Allow-Origin"]);
    }
}
