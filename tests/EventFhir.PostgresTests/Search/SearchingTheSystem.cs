using System.Collections.Immutable;

using EventFhir.Core.Search;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>Searches over all types, and over what a List names.</summary>
public sealed class SearchingTheSystem(TestCluster cluster)
{
    [Theory]
    [InlineData("_id=a", "Observation/a Patient/a")]
    [InlineData("_tag=urgent", "Observation/b Patient/a")]
    [InlineData("_list=mine", "Observation/b Patient/a")]
    [InlineData("_list=mine,other", "Observation/b Patient/a Patient/b")]
    [InlineData("_list=mine&_tag=urgent&_type=Patient", "Patient/a")]
    [InlineData("_lastUpdated=gt2000", "List/mine List/other Observation/a Observation/b Patient/a Patient/b")]
    [InlineData("_lastUpdated=lt2000", "")]
    [InlineData("_has:List:item:_id=mine&_type=Patient,Observation", "Observation/b Patient/a")]
    [InlineData("_filter=_id eq a or _tag eq urgent", "Observation/a Observation/b Patient/a")]
    [InlineData("_type=Patient,Observation&_sort=_tag,-_id&_count=2", "Observation/a Observation/b Patient/a Patient/b")]
    [InlineData("_sort=-_id&_count=2", "List/mine List/other Observation/a Observation/b Patient/a Patient/b")]
    public async Task Finds_resources_of_every_type(string query, string expected)
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        await fixture.WriteAsync(
            SearchFixture.Read("""{"resourceType":"Patient","id":"a","meta":{"tag":[{"code":"urgent"}]}}"""),
            SearchFixture.Read("""{"resourceType":"Patient","id":"b"}"""),
            SearchFixture.Read("""{"resourceType":"Observation","id":"a","status":"final","code":{"text":"x"}}"""),
            SearchFixture.Read("""{"resourceType":"Observation","id":"b","meta":{"tag":[{"code":"urgent"}]},"status":"final","code":{"text":"x"}}"""),
            List("mine", "Patient/a", "Observation/b"),
            List("other", "Patient/b", "Patient/nobody"));
        var parameters = query.Split('&').Select(pair => new QueryParameter(pair[..pair.IndexOf('=')], pair[(pair.IndexOf('=') + 1)..])).ToList();
        var search = new SearchParser(SearchFixture.Context).ParseSystem(parameters).Value;
        var found = new List<string>();
        for (Postgres.Search.SearchCursor? after = null; ;)
        {
            var page = await fixture.SearchAsync(search, after);
            found.AddRange(page.Matches.Select(match => match.Key.ToString()));
            if ((after = page.Next) is null) break;
        }
        Assert.Equal(expected, string.Join(' ', found.Order(StringComparer.Ordinal)));
    }

    private static Model.Elements.Resource List(string id, params ImmutableArray<string> items) => SearchFixture.Read(
        $$"""
        {"resourceType":"List","id":"{{id}}","status":"current","mode":"working",
         "entry":[{{string.Join(',', items.Select(item => $$$"""{"item":{"reference":"{{{item}}}"}}"""))}}]}
        """);
}
