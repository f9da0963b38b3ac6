using EventFhir.Core;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>:in, :not-in, :above and :below through value sets and code systems that are stored.</summary>
public sealed class SearchingByValueSet(TestCluster cluster)
{
    private const string Animals = """
        {"resourceType":"CodeSystem","id":"animals","url":"http://animals","version":"1","status":"active","content":"complete",
         "concept":[{"code":"mammal","concept":[{"code":"cat"},{"code":"dog"}]},{"code":"bird"}]}
        """;

    [Theory]
    [InlineData("Condition", "code:in=http://vs/mammals", "cat dog")]
    [InlineData("Condition", "code:in=ValueSet/mammals", "cat dog")]
    [InlineData("Condition", "code:in=http://here/fhir/ValueSet/mammals", "cat dog")]
    [InlineData("Condition", "code:not-in=http://vs/mammals", "bird none")]
    [InlineData("Condition", "code:in=http://vs/mammals,http://vs/birds", "bird cat dog")]
    [InlineData("Condition", "code:below=http://animals|mammal", "cat dog")]
    [InlineData("Condition", "code:above=http://animals|cat", "cat")]
    [InlineData("Condition", "subject:Patient.gender:in=http://hl7.org/fhir/ValueSet/administrative-gender", "bird cat dog none")]
    [InlineData("Patient", "_has:Condition:subject:code:in=http://vs/birds", "p")]
    [InlineData("Patient", "_has:Condition:subject:code:below=http://animals|mammal&gender:not-in=http://vs/birds", "p")]
    [InlineData("Patient", "gender:in=http://vs/birds", "")]
    public async Task A_set_of_codes_finds_what_has_one_of_them(string type, string query, string ids)
    {
        await using var fixture = await NewAsync();
        Assert.Equal(ids, await IdsAsync(fixture, type, query));
    }

    [Theory]
    [InlineData("code:in=http://vs/unknown", RefusalKind.BadRequest)]
    [InlineData("code:in=ValueSet/unknown", RefusalKind.BadRequest)]
    [InlineData("code:in=http://vs/mammals|7", RefusalKind.BadRequest)]
    [InlineData("code:below=http://unknown|x", RefusalKind.BadRequest)]
    [InlineData("code:below=http://animals|fish", RefusalKind.Unprocessable)]
    public async Task What_is_not_known_is_refused(string query, RefusalKind kind)
    {
        await using var fixture = await NewAsync();
        var answer = await fixture.Reader.ReadAsync(SearchFixture.Parse("Condition", query).Value, null, CancellationToken.None);
        Assert.Equal(kind, answer.Refusal?.Kind);
    }

    [Fact]
    public async Task An_answer_follows_every_change_of_what_it_was_made_from()
    {
        await using var fixture = await NewAsync();
        Assert.Equal("cat dog", await IdsAsync(fixture, "Condition", "code:in=http://vs/mammals"));
        Assert.Equal("cat dog", await IdsAsync(fixture, "Condition", "code:in=http://vs/mammals"));
        var newer = SearchFixture.Read(Animals.Replace("{\"code\":\"dog\"}", "{\"code\":\"horse\"}", StringComparison.Ordinal));
        await fixture.WriteAsync(newer);
        Assert.Equal("cat", await IdsAsync(fixture, "Condition", "code:in=http://vs/mammals"));
        // A newer business version by the same URL, then gone again.
        var next = SearchFixture.Read(Animals.Replace("\"animals\"", "\"animals2\"", StringComparison.Ordinal)
            .Replace("\"version\":\"1\"", "\"version\":\"1.1\"", StringComparison.Ordinal));
        await fixture.WriteAsync(next);
        Assert.Equal("cat dog", await IdsAsync(fixture, "Condition", "code:in=http://vs/mammals"));
        await fixture.DeleteAsync(next);
        Assert.Equal("cat", await IdsAsync(fixture, "Condition", "code:in=http://vs/mammals"));
        await fixture.WriteAsync(ValueSet("mammals", """{"include":[{"system":"http://animals","concept":[{"code":"bird"}]}]}"""));
        Assert.Equal("bird", await IdsAsync(fixture, "Condition", "code:in=http://vs/mammals"));
    }

    [Theory]
    [InlineData("code:in=http://vs/mammals", "cat dog")]
    [InlineData("code:not-in=http://vs/mammals", "bird none")]
    [InlineData("code:below=http://animals|mammal", "cat dog")]
    [InlineData("subject:Patient._has:Condition:subject:code:in=http://vs/mammals", "bird cat dog none")]
    public async Task Later_pages_take_the_codes_as_of_the_first(string text, string expected)
    {
        await using var fixture = await NewAsync();
        var query = SearchFixture.Parse("Condition", text + "&_sort=_id&_count=1").Value;
        var page = await fixture.SearchAsync(query);
        var found = page.Matches.ToList();
        await fixture.WriteAsync(
            SearchFixture.Read(Animals.Replace("{\"code\":\"dog\"}", "{\"code\":\"horse\"}", StringComparison.Ordinal)),
            ValueSet("mammals", """{"include":[{"system":"http://animals","concept":[{"code":"bird"}]}]}"""));
        while (page.Next is { } next) found.AddRange((page = await fixture.SearchAsync(query, next)).Matches);
        Assert.Equal(expected, string.Join(' ', found.Select(match => match.Key.Id.Value)));
        await fixture.DeleteAsync(ValueSet("mammals", "{}"));
        Assert.Equal(expected.Split(' ')[^1], (await fixture.SearchAsync(query, (await fixture.SearchAsync(query, page.Previous)).Next)).Matches[0].Key.Id.Value);
    }

    [Fact]
    public async Task Five_thousand_codes_find_the_few_in_use()
    {
        await using var fixture = await NewAsync();
        var concepts = string.Join(',', Enumerable.Range(0, 5_000).Select(number => $$"""{"code":"c{{number}}"}""").Append("""{"code":"cat"}"""));
        await fixture.WriteAsync(ValueSet("many", $$"""{"include":[{"system":"http://animals","concept":[{{concepts}}]}]}"""));
        await fixture.WriteAsync(Condition("c4999", "c4999"));
        Assert.Equal("c4999 cat", await IdsAsync(fixture, "Condition", "code:in=http://vs/many"));
        Assert.Equal("bird dog none", await IdsAsync(fixture, "Condition", "code:not-in=http://vs/many"));
        Assert.Equal("p", await IdsAsync(fixture, "Patient", "_has:Condition:subject:code:in=http://vs/many"));
    }

    private async Task<SearchFixture> NewAsync()
    {
        var fixture = await SearchFixture.NewAsync(cluster);
        await fixture.WriteAsync(
            SearchFixture.Read(Animals), SearchFixture.Read("""{"resourceType":"Patient","id":"p","gender":"male"}"""),
            ValueSet("mammals", """{"include":[{"system":"http://animals","filter":[{"property":"concept","op":"is-a","value":"mammal"}]}]}"""),
            ValueSet("birds", """{"include":[{"system":"http://animals","concept":[{"code":"bird"}]}]}"""),
            Condition("cat", "cat"), Condition("dog", "dog"), Condition("bird", "bird"),
            SearchFixture.Read("""{"resourceType":"Condition","id":"none","subject":{"reference":"Patient/p"}}"""));
        return fixture;
    }

    private static Model.Elements.Resource Condition(string id, string code) => SearchFixture.Read(
        $$$"""
        {"resourceType":"Condition","id":"{{{id}}}","subject":{"reference":"Patient/p"},
         "code":{"coding":[{"system":"http://other","code":"cat"},{"system":"http://animals","code":"{{{code}}}"}]}}
        """);

    private static Model.Elements.Resource ValueSet(string id, string compose) => SearchFixture.Read(
        $$"""{"resourceType":"ValueSet","id":"{{id}}","url":"http://vs/{{id}}","status":"active","compose":{{compose}}}""");

    private static async Task<string> IdsAsync(SearchFixture fixture, string type, string query) => string.Join(
        ' ', (await fixture.AllIdsAsync(SearchFixture.Parse(type, query).Value)).Order(StringComparer.Ordinal));
}
