using System.Collections.Immutable;

using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.PostgresTests.Search;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.PostgresTests.Specification;

/// <summary>The resources that the rows of one table are tried on, in a database of their own and in memory.</summary>
public sealed class Shelf(TestCluster cluster) : IAsyncLifetime
{
    private SearchFixture? fixture;
    private ImmutableArray<Resource> stored = [];

    public async ValueTask InitializeAsync() => fixture = await SearchFixture.NewAsync(cluster);

    public async ValueTask DisposeAsync()
    {
        if (fixture is not null) await fixture.DisposeAsync();
    }

    /// <summary>Puts the resources of a table there, once.</summary>
    public async Task HoldsAsync(IEnumerable<string> resources)
    {
        if (!stored.IsEmpty) return;
        await fixture!.WriteAsync(resources.Select(SearchFixture.Read));
        stored = await fixture.StoredAsync();
    }

    /// <summary>Asserts what PostgreSQL finds, and that memory finds the same.</summary>
    /// <param name="expected">Ids with spaces between them; in any order unless the query sorts.</param>
    public async Task FindsAsync(string type, string query, string expected) => Assert.Equal(Ordered(query, expected.Split(' ', StringSplitOptions.RemoveEmptyEntries)), await IdsAsync(type, query));

    /// <summary>What both find; it must be the same.</summary>
    public async Task<ImmutableArray<string>> IdsAsync(string type, string query)
    {
        var parsed = SearchFixture.Parse(type, query + "&_count=1000");
        Assert.True(parsed.Refusal is null, parsed.Refusal?.Issues[0].Diagnostics);
        var found = Ordered(query, await fixture!.AllIdsAsync(parsed.Value));
        Assert.Equal(Ordered(query, new SearchMatcher(Release.R4, SearchFixture.BaseUrl, stored).Search(parsed.Value).Select(resource => resource.Id!)), found);
        return found;
    }

    public static void IsRefused(string type, string query) => Assert.NotNull(SearchFixture.Parse(type, query).Refusal);

    /// <summary>One page: matches, and what it includes.</summary>
    internal async Task<Postgres.Search.SearchPage> PageAsync(string type, string query) => await fixture!.SearchAsync(type, query);

    private static ImmutableArray<string> Ordered(string query, IEnumerable<string> ids) =>
        query.Contains("_sort=", StringComparison.Ordinal) ? [.. ids] : [.. ids.Order(StringComparer.Ordinal)];
}
