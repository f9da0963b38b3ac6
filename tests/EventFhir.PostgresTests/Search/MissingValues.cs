using System.Collections.Immutable;

using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>:missing of composites, and of parameters that take the references to one type only.</summary>
public sealed class MissingValues(TestCluster cluster)
{
    private static readonly string[] Parameters =
    [
        "subject", "patient", "code-value-quantity", "code-value-string", "code-value-concept", "component-code-value-quantity",
        "component-code-value-concept", "combo-code-value-quantity",
    ];

    [Fact]
    public async Task Sql_and_memory_agree_on_each()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        var resources = GeneratedResources.Subjects().ToImmutableArray();
        await fixture.WriteAsync(resources);
        var matcher = new SearchMatcher(Release.R4, SearchFixture.BaseUrl, resources);
        foreach (var parameter in Parameters)
        {
            var query = SearchFixture.Parse("Observation", $"{parameter}:missing=false&_count=1000").Value;
            var expected = matcher.Search(query).Select(resource => resource.Id!).Order(StringComparer.Ordinal).ToList();
            var found = await fixture.AllIdsAsync(query);
            Assert.Equal(expected, found.Order(StringComparer.Ordinal));
            Assert.InRange(expected.Count, 1, resources.Length - (parameter == "subject" ? 0 : 1));
            var missing = await fixture.AllIdsAsync(SearchFixture.Parse("Observation", $"{parameter}:missing=true&_count=1000").Value);
            Assert.Equal(resources.Length, missing.Length + found.Length);
        }
    }

    [Fact]
    public async Task A_patient_is_there_where_the_subject_is_one_by_key_url_or_containment()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        await fixture.WriteAsync(GeneratedResources.Subjects().Take(9));
        var found = await fixture.AllIdsAsync(SearchFixture.Parse("Observation", "patient:missing=false").Value);
        Assert.Equal(["subject0", "subject1", "subject3", "subject6"], found.Order(StringComparer.Ordinal));
    }
}
