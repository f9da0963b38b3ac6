using System.Net;

using EventFhir.Postgres.Search;
using EventFhir.Server.Rest;
using EventFhir.ServerTests.Running;

using Microsoft.AspNetCore.Http;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>_explain on searches (docs/operations.md).</summary>
public sealed class Explaining(RunningServer server) : IClassFixture<RunningServer>
{
    private const string Form = "Content-Type: application/x-www-form-urlencoded";

    [Fact]
    public async Task A_search_of_a_type_shows_its_clauses_statements_and_plans_and_no_data()
    {
        await server.PostAsync("Patient", Sample.Patient(family: "Secretive"));
        var explained = await server.GetAsync("Patient?family=secre&_sort=birthdate&_explain=true");
        Assert.Equal(["Patient[family=StartsWith 'secre']"], Values(explained, "clauses"));
        Assert.Equal(["if up to 2000 match", "if a stretch of the order fills the page", "otherwise"], Parts(explained, "use"));
        foreach (var sql in Parts(explained, "sql"))
        {
            Assert.Contains("left(t.normalized, 200) >= $", sql, StringComparison.Ordinal);
            Assert.DoesNotContain("secre", sql, StringComparison.Ordinal);
        }
        Assert.Contains("'secre'", explained.Text, StringComparison.Ordinal);
        Assert.Contains("(cost=", explained.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("actual time", explained.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Secretive", explained.Text, StringComparison.Ordinal);

        var measured = await server.GetAsync("Patient?family=secre&_sort=birthdate&_explain=analyze");
        Assert.Equal(Parts(explained, "sql"), Parts(measured, "sql"));
        Assert.Contains("actual time", measured.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Secretive", measured.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compartments_the_system_and_posted_forms_are_explained_too()
    {
        await server.PostAsync("Observation", Sample.Observation());
        var compartment = await server.GetAsync("Patient/p1/Observation?status=final&_explain=true");
        Assert.Equal(["Observation[any(subject=Patient/p1 or performer=Patient/p1) & status=*|final]"], Values(compartment, "clauses"));
        var system = await server.GetAsync("?_type=Patient,Observation&_id=7&_explain=true");
        Assert.Equal(["Patient[id=7]", "Observation[id=7]"], Values(system, "clauses"));
        var got = await server.GetAsync("Observation?status=final&_explain=true");
        var posted = await server.PostAsync("Observation/_search", "status=final&_explain=true", Form);
        Assert.Equal(Parts(got, "sql"), Parts(posted, "sql"));
        Assert.Equal(["Observation[status=*|final]"], Values(posted, "clauses"));
    }

    [Fact]
    public async Task The_page_of_a_link_is_explained_and_no_link_explains()
    {
        foreach (var _ in Enumerable.Range(0, 3)) await server.PostAsync("Basic", """{"resourceType":"Basic","code":{"text":"x"}}""");
        var page = await server.GetAsync("Basic?_count=1&_explain=");
        Assert.DoesNotContain("_explain", page.Text, StringComparison.Ordinal);
        var next = (string)page.Json["link"]!.AsArray().Single(link => (string?)link!["relation"] == "next")!["url"]!;
        var explained = await server.GetAsync(next + "&_explain=true");
        Assert.Equal(200, explained.Status);
        Assert.Contains("::pg_snapshot", Parts(explained, "sql")[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_known_wishes_of_a_readable_search_are_explained()
    {
        foreach (var wish in (string[])["false", "TRUE", "perhaps", "true&_explain=analyze", "true,analyze"])
            Assert.Equal("value", (await server.GetAsync($"Patient?_explain={wish}")).IsRefused(400).IssueCode);
        (await server.PostAsync("Patient/_search?_explain=true", "_explain=analyze", Form)).IsRefused(400);
        (await server.GetAsync("Patient?unheard=of&_explain=true")).IsRefused(400);
        Assert.Equal("not-supported", (await server.GetAsync("Patient?_contained=true&gender=male&_explain=true")).IsRefused(400).IssueCode);
        (await server.GetAsync("Patient?_Explain=true")).IsRefused(400);
        (await server.GetAsync("Patient/1?_explain=true")).IsRefused(400);
    }

    [Fact]
    public async Task Whoever_comes_through_a_proxy_is_refused()
    {
        foreach (var header in (string[])["X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1", "Via: 1.1 proxy", "Host: fhir.example.org"])
            Assert.Equal("forbidden", (await server.GetAsync("Patient?_explain=true", header)).IsRefused(403).IssueCode);
        Assert.Equal("forbidden", (await server.GetAsync("Patient?_explain=perhaps", "Via: 1.1 proxy")).IsRefused(403).IssueCode);
    }

    [Theory]
    [InlineData("127.0.0.1", "localhost:8080", null, null)]
    [InlineData("::1", "[::1]:8080", null, null)]
    [InlineData("10.0.0.1", "localhost:8080", null, 403)]
    [InlineData(null, "localhost:8080", null, 403)]
    [InlineData("127.0.0.1", "fhir.example.org", null, 403)]
    [InlineData("127.0.0.1", "localhost:8080", "https://fhir.example.org", 403)]
    public void Only_the_servers_own_machine_may_ask(string? address, string host, string? baseUrl, int? refused)
    {
        var http = new DefaultHttpContext();
        http.Connection.RemoteIpAddress = address is null ? null : IPAddress.Parse(address);
        http.Request.Host = new HostString(host);
        Assert.Null(ExplainWish.Of(http, new BaseUrl(baseUrl)).Value.Mode);
        http.Request.QueryString = new QueryString("?_explain=true");
        var wish = ExplainWish.Of(http, new BaseUrl(baseUrl));
        Assert.Equal(refused, wish.Refusal is { } refusal ? RefusalTable.StatusOf(refusal.Kind) : null);
        if (refused is null) Assert.Equal(ExplainMode.Plan, wish.Value.Mode);
    }

    private static string[] Values(HttpAnswer answer, string name)
    {
        Assert.Equal((200, "Parameters"), (answer.Status, (string?)answer.Json["resourceType"]));
        return [.. answer.Json["parameter"]!.AsArray()
            .Where(parameter => (string?)parameter!["name"] == name).Select(parameter => (string)parameter!["valueString"]!)];
    }

    private static string[] Parts(HttpAnswer answer, string name) =>
        [.. answer.Json["parameter"]!.AsArray().Where(parameter => (string?)parameter!["name"] == "statement")
            .SelectMany(statement => statement!["part"]!.AsArray())
            .Where(part => (string?)part!["name"] == name).Select(part => (string)part!["valueString"]!)];
}
