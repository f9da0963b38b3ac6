using System.Collections.Immutable;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;
using EventFhir.Postgres.Replay;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>_content where it is switched on.</summary>
public sealed class WholeContent(TestCluster cluster)
{
    private static readonly SearchDefinitions On = SearchDefinitions.Of(Release.R4, SwitchedOff.None.WithContent(Release.R4, "*"));
    private static readonly SearchContext Context = SearchFixture.Context with { Definitions = On };

    [Fact]
    public async Task Sql_and_memory_find_the_same_words()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster, On);
        await fixture.WriteAsync(Examples("Observation", "Condition", "Patient", "MedicationRequest", "Questionnaire"));
        var resources = new List<Resource>();
        foreach (var type in (string[])["Observation", "Condition", "Patient", "MedicationRequest", "Questionnaire"])
            resources.AddRange((await fixture.SearchAsync(SearchFixture.Parse(Context, type, "_count=1000").Value)).Matches.Select(match => SearchFixture.Read(match.Body)));
        var matcher = new SearchMatcher(Release.R4, SearchFixture.BaseUrl, resources);
        var random = new Random(20261121);
        var hits = 0;
        for (var asked = 0; asked < 150; asked++)
        {
            var resource = resources[random.Next(resources.Count)];
            var words = ContentText.WordsOf(resource.Root)!;
            string Plain() => words.Places.Keys.ElementAt(random.Next(words.Places.Count));
            // Quoted, for some texts have the words "and" and "not".
            string Word() => $"\"{Plain()}\"";
            var inOrder = words.Places.SelectMany(word => word.Value.Select(place => (place, word.Key))).OrderBy(word => word.place).ToList();
            var start = random.Next(inOrder.Count - 1);
            var text = random.Next(6) switch
            {
                0 => $"\"{inOrder[start].Key} {inOrder[start + 1].Key}\"",
                1 => $"({Word()} or nowhere) and {Word()}",
                2 => $"not {Word()}",
                3 => $"{Word()} not \"{Plain()} {Plain()}\"",
                4 => $"{Word()},{Word()}",
                _ => $"{Word()}",
            };
            var query = SearchFixture.Parse(Context, resource.Type.Name, $"_content={Uri.EscapeDataString(text)}&_count=50{(asked % 3 == 0 ? "&_sort=_score" : "")}").Value;
            var expected = matcher.Search(query).Select(match => match.Id!).Order(StringComparer.Ordinal).ToList();
            if (expected.Count > 0) hits++;
            Assert.True(expected.SequenceEqual((await fixture.AllIdsAsync(query)).Order(StringComparer.Ordinal)), $"{resource.Type.Name}?_content={text}");
        }
        Assert.InRange(hits, 100, 150);
    }

    [Theory]
    [InlineData("chest", "p")]
    [InlineData("\"chest pain\"", "p")]
    [InlineData("narrated", "p")]
    [InlineData("inner", "p")]
    [InlineData("urgent female", "p")]
    [InlineData("\"pain inner\"", "")]
    [InlineData("example", "")]
    [InlineData("2000", "")]
    [InlineData("not chest", "q")]
    public async Task Strings_markdown_codes_and_narratives_are_words(string words, string expected)
    {
        await using var fixture = await SearchFixture.NewAsync(cluster, On);
        await fixture.WriteAsync(World);
        var query = SearchFixture.Parse(Context, "Patient", $"_content={Uri.EscapeDataString(words)}").Value;
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries), await fixture.AllIdsAsync(query));
    }

    [Fact]
    public async Task Later_pages_see_the_words_of_the_first()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster, On);
        await fixture.WriteAsync(Enumerable.Range(0, 10).Select(number => Patient($"p{number}", "bone")));
        var query = SearchFixture.Parse(Context, "Patient", "_content=bone&_count=4&_sort=_id").Value;
        var page = await fixture.SearchAsync(query);
        await fixture.WriteAsync(Enumerable.Range(0, 10).Select(number => Patient($"p{number}", "liver")));
        Assert.Equal(["p4", "p5", "p6", "p7"], (page = await fixture.SearchAsync(query, page.Next)).Matches.Select(match => match.Key.Id.Value));
        Assert.Equal(["p8", "p9"], (await fixture.SearchAsync(query, page.Next)).Matches.Select(match => match.Key.Id.Value));
        Assert.Empty((await fixture.SearchAsync(query)).Matches);
    }

    [Fact]
    public async Task Switched_off_it_is_refused_with_the_way_to_switch_it_on()
    {
        Assert.Contains("search-content", SearchFixture.Parse("Patient", "_content=x").Refusal!.Issues[0].Diagnostics, StringComparison.Ordinal);
        var some = SearchDefinitions.Of(Release.R4, SwitchedOff.None.WithContent(Release.R4, "Condition"));
        Assert.NotNull(SearchFixture.Parse(Context with { Definitions = some }, "Patient", "_content=x").Refusal);
        Assert.Null(SearchFixture.Parse(Context with { Definitions = some }, "Condition", "_content=x").Refusal);
        Assert.Throws<FormatException>(() => SwitchedOff.None.WithContent(Release.R4, "Conditions"));
    }

    [Fact]
    public async Task A_rebuild_switches_it_on_and_off()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster, On);
        await fixture.WriteAsync(World);
        await fixture.WriteAsync(Patient("q", "bone"));
        await fixture.WriteAsync(Patient("q", "liver"));
        var (on, off) = (RulesOf(On), RulesOf(SearchDefinitions.R4));
        Assert.Empty((await new Verification(fixture.Database, on).RunAsync(null, default)).Differences);
        Assert.Contains((await new Verification(fixture.Database, off).RunAsync(null, default)).Differences, difference => difference.What.Contains("another layout", StringComparison.Ordinal));
        await new Rebuild(fixture.Database, off).RunAsync(null, default);
        Assert.Empty((await new Verification(fixture.Database, off).RunAsync(null, default)).Differences);
        await new Rebuild(fixture.Database, on).RunAsync(null, default);
        Assert.Empty((await new Verification(fixture.Database, on).RunAsync(null, default)).Differences);
        Assert.Equal(["q"], await fixture.AllIdsAsync(SearchFixture.Parse(Context, "Patient", "_content=liver").Value));
    }

    private static ReplayRules RulesOf(SearchDefinitions definitions) => ReplayRules.Of(new IndexExtractor(definitions, new Uri(SearchFixture.BaseUrl)));

    private static Resource[] World =>
    [
        SearchFixture.Read(
            """
            {"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Narrated</div>"},
             "contact":[{"name":{"text":"Chest Pain"}}],"id":"p","birthDate":"2000-01-01","gender":"female",
             "contained":[{"resourceType":"Organization","id":"o","name":"Inner"}],
             "identifier":[{"system":"http://example.org/x","value":"1"}],"meta":{"tag":[{"code":"urgent"}]}}
            """),
        SearchFixture.Read("""{"resourceType":"Patient","id":"q"}"""),
    ];

    private static Resource Patient(string id, string text) => SearchFixture.Read($$"""{"resourceType":"Patient","id":"{{id}}","name":[{"text":"{{text}}"}]}""");

    private static IEnumerable<Resource> Examples(params string[] types) =>
        from type in types
        from file in Directory.EnumerateFiles(OfficialPackages.R4Examples, $"{type}-*.json").Order(StringComparer.Ordinal)
        let read = ResourceJsonReader.Read(File.ReadAllBytes(file), Release.R4)
        where read is { Verdict: ReadVerdict.Valid, Resource.Id: not null } && read.Resource!.Type.Name == type && new FileInfo(file).Length < 40_000
        group read.Resource! by read.Resource!.Id into same
        select same.First();
}
