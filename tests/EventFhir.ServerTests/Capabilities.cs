using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>GET [base]/metadata.</summary>
public sealed class Capabilities(RunningServer server) : IClassFixture<RunningServer>
{
    [Theory]
    [InlineData("metadata", "CapabilityStatement")]
    [InlineData("metadata?mode=full", "CapabilityStatement")]
    [InlineData("metadata?mode=normative", "CapabilityStatement")]
    [InlineData("metadata?mode=terminology", "TerminologyCapabilities")]
    public async Task It_is_valid_by_our_own_validator(string url, string resourceType)
    {
        var metadata = await server.GetAsync(url);
        Assert.Equal((200, resourceType), (metadata.Status, (string?)metadata.Json["resourceType"]));
        Assert.Empty(Validated.Errors(Release.R4, Encoding.UTF8.GetBytes(metadata.Text)));
    }

    [Fact]
    public async Task Every_resource_type_is_listed_with_what_the_router_does()
    {
        var rest = (await server.GetAsync("metadata")).Json["rest"]![0]!;
        Assert.Equal(Release.R4.ResourceTypes.Select(type => type.Name), rest["resource"]!.AsArray().Select(resource => (string?)resource!["type"]));
        Assert.All(rest["resource"]!.AsArray(), resource => Assert.Equal(
            ["create", "delete", "history-instance", "history-type", "patch", "read", "search-type", "update", "vread"],
            resource!["interaction"]!.AsArray().Select(interaction => (string)interaction!["code"]!).Order(StringComparer.Ordinal)));
        Assert.Equal(["history-system", "search-system", "transaction", "batch"], rest["interaction"]!.AsArray().Select(interaction => (string?)interaction!["code"]));
    }

    [Fact]
    public async Task It_names_the_base_of_the_request() =>
        Assert.Equal(server.Http.BaseAddress!.ToString().TrimEnd('/'), (string?)(await server.GetAsync("metadata")).Json["implementation"]!["url"]);

    [Fact]
    public async Task An_unknown_mode_is_refused() => (await server.GetAsync("metadata?mode=other")).IsRefused(400);
}
