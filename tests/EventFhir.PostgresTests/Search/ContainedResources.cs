using System.Collections.Immutable;

using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Postgres.Search;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>_contained and _containedType over real rows (R4 search.html#contained).</summary>
public sealed class ContainedResources(TestCluster cluster)
{
    private static readonly Resource[] World =
    [
        SearchFixture.Read("""{"resourceType":"Patient","id":"free","gender":"male"}"""),
        SearchFixture.Read("""{"resourceType":"Patient","id":"holder","gender":"male","contained":[{"resourceType":"Patient","id":"twin","gender":"male"}]}"""),
        Order("one", """{"resourceType":"Patient","id":"p","gender":"male","birthDate":"2000-01-02"}"""),
        Order("two", """{"resourceType":"Patient","id":"p","gender":"female"}""", """{"resourceType":"Patient","id":"q","gender":"male"}""",
            """{"resourceType":"Practitioner","id":"d","gender":"male"}"""),
        Order("none"),
    ];

    [Theory]
    [InlineData("Patient?gender=male", "Patient/free Patient/holder")]
    [InlineData("Patient?gender=male&_contained=false&_containedType=contained", "Patient/free Patient/holder")]
    [InlineData("Patient?gender=male&_contained=true", "Patient/holder ServiceRequest/one ServiceRequest/two")]
    [InlineData("Patient?gender=male&_contained=true&_containedType=contained", "Patient/holder#twin ServiceRequest/one#p ServiceRequest/two#q")]
    [InlineData("Patient?gender=male&_contained=both", "Patient/free Patient/holder ServiceRequest/one ServiceRequest/two")]
    [InlineData("Patient?gender=male&_contained=both&_containedType=contained", "Patient/free Patient/holder Patient/holder#twin ServiceRequest/one#p ServiceRequest/two#q")]
    [InlineData("Patient?_contained=true&_containedType=contained", "Patient/holder#twin ServiceRequest/one#p ServiceRequest/two#p ServiceRequest/two#q")]
    [InlineData("Patient?_id=p&birthdate=2000-01&_contained=true", "ServiceRequest/one")]
    [InlineData("Practitioner?gender=male&_contained=both", "ServiceRequest/two")]
    [InlineData("Device?_contained=both", "")]
    public async Task Are_found_through_what_holds_them(string search, string expected)
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        await fixture.WriteAsync(World);
        var (type, query) = (search[..search.IndexOf('?')], search[(search.IndexOf('?') + 1)..]);
        foreach (var count in (int[])[1, 2, 20])
        {
            var (found, totals) = await AllAsync(fixture, $"{query}&_count={count}&_total=accurate", type);
            Assert.Equal(expected, string.Join(' ', found.Order(StringComparer.Ordinal)));
            Assert.All(totals, total => Assert.Equal(found.Length, total));
        }
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length, (await fixture.SearchAsync(type, $"{query}&_summary=count")).Total);
    }

    [Fact]
    public async Task Pages_are_as_of_the_first()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        var orders = Enumerable.Range(0, 250).Select(number => Order($"o{number}", """{"resourceType":"Patient","id":"p","gender":"male"}""")).ToArray();
        await fixture.WriteAsync(orders);
        var query = SearchFixture.Parse("Patient", "gender=male&_contained=true&_containedType=contained&_count=40").Value;
        var page = await fixture.SearchAsync(query);
        var found = Keys(page).ToList();
        await fixture.WriteAsync(orders.Take(120).Select(order => Order(order.Id!, """{"resourceType":"Patient","id":"p","gender":"female"}""")));
        foreach (var order in orders.Skip(200)) await fixture.DeleteAsync(order);
        await fixture.WriteAsync(Order("late", """{"resourceType":"Patient","id":"p","gender":"male"}"""));
        while (page.Next is { } next)
        {
            page = await fixture.SearchAsync(query, next);
            found.AddRange(Keys(page));
        }
        Assert.Equal(orders.Select(order => $"ServiceRequest/{order.Id}#p").Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
        Assert.Equal(81, (await AllAsync(fixture, "gender=male&_contained=true", "Patient")).Found.Length);
    }

    /// <summary>"Type/id" of resources, "Type/id#local" of contained ones.</summary>
    internal static IEnumerable<string> Keys(SearchPage page) =>
        page.Matches.Select(match => match.Key.ToString()).Concat(page.Contained.Select(match => $"{match.Container.Key}#{match.Id}"));

    internal static async Task<(ImmutableArray<string> Found, ImmutableArray<long?> Totals)> AllAsync(SearchFixture fixture, string query, string type)
    {
        var parsed = SearchFixture.Parse(type, query).Value;
        var (found, totals) = (ImmutableArray.CreateBuilder<string>(), ImmutableArray.CreateBuilder<long?>());
        for (SearchCursor? after = null; ;)
        {
            var page = await fixture.SearchAsync(parsed, after);
            Assert.True(page.Matches.Length + page.Contained.Length <= parsed.Result.Count);
            found.AddRange(Keys(page));
            totals.Add(page.Total);
            if (page.Next is null) return (found.ToImmutable(), totals.ToImmutable());
            Assert.True(SearchCursor.TryParse(page.Next.ToString(), out after));
        }
    }

    private static Resource Order(string id, params string[] contained) => SearchFixture.Read(
        $$"""
        {"resourceType":"ServiceRequest","id":"{{id}}","status":"active","intent":"order","subject":{"reference":"{{(contained.Length > 0 ? "#p" : "Patient/free")}}"}
         {{(contained.Length > 0 ? $",\"contained\":[{string.Join(',', contained)}]" : "")}}}
        """);
}
