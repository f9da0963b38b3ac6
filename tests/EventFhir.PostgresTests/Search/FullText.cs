using System.Collections.Immutable;

using EventFhir.Core.Search.Words;
using EventFhir.Postgres.Search;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>_text over real rows: limits, relevance and paging by it. That memory and SQL agree is the oracle's business.</summary>
public sealed class FullText(TestCluster cluster)
{
    [Fact]
    public async Task Scores_lie_between_0_and_1_and_order_the_pages()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        await fixture.WriteAsync(Enumerable.Range(0, 40).Select(number => Patient($"p{number}", string.Concat(Enumerable.Repeat("bone ", 1 + (number % 5))) + "and liver")));
        var query = SearchFixture.Parse("Patient", "_text=bone or nowhere&_sort=_score&_count=7").Value;
        var (ids, scores) = (new List<string>(), new List<decimal>());
        SearchCursor? after = null;
        do
        {
            var page = await fixture.SearchAsync(query, after);
            ids.AddRange(page.Matches.Select(match => match.Key.Id.Value));
            scores.AddRange(page.Scores.Select(score => score!.Value));
            after = page.Next;
        }
        while (after is not null);
        Assert.Equal(40, ids.Distinct().Count());
        Assert.Equal(40, ids.Count);
        Assert.Equal(scores.OrderDescending(), scores);
        Assert.All(scores, score => Assert.InRange(score, 0.000001m, 1));
        Assert.True(scores[0] > scores[^1]);
    }

    [Fact]
    public async Task A_search_without_words_has_no_scores()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        await fixture.WriteAsync(Patient("p", "bone"));
        Assert.Empty((await fixture.SearchAsync("Patient", "_id=p")).Scores);
        Assert.Single((await fixture.SearchAsync("Patient", "_id=p&_text=bone")).Scores);
    }

    [Fact]
    public async Task The_longest_texts_are_taken()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        var texts = new[]
        {
            string.Join(' ', Enumerable.Range(0, 20_000).Select(number => $"w{number}")),
            string.Join(' ', Enumerable.Repeat("again", 20_000)),
            string.Join(' ', Enumerable.Range(0, 4_000).Select(number => $"{number}{new string('\u0915', 64)}")),
        };
        await fixture.WriteAsync(texts.Select((text, number) => Patient($"p{number}", text)));
        Assert.Equal(["p0"], await fixture.AllIdsAsync(SearchFixture.Parse("Patient", $"_text=w{TextWords.PlacesMax - 1}").Value));
        Assert.Empty(await fixture.AllIdsAsync(SearchFixture.Parse("Patient", $"_text=w{TextWords.PlacesMax}").Value));
        Assert.Equal(["p1"], await fixture.AllIdsAsync(SearchFixture.Parse("Patient", "_text=\"again again again\"").Value));
        Assert.Equal(["p2"], await fixture.AllIdsAsync(SearchFixture.Parse("Patient", $"_text=7{new string('\u0915', 64)}").Value));
    }

    [Fact]
    public async Task A_change_of_the_narrative_changes_what_is_found()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        await fixture.WriteAsync(Patient("p", "bone"));
        await fixture.WriteAsync(Patient("p", "liver"));
        Assert.Empty((await fixture.SearchAsync("Patient", "_text=bone")).Matches);
        Assert.Single((await fixture.SearchAsync("Patient", "_text=liver")).Matches);
        await fixture.WriteAsync(SearchFixture.Read("""{"resourceType":"Patient","id":"p"}"""));
        Assert.Empty((await fixture.SearchAsync("Patient", "_text=liver")).Matches);
        Assert.Single((await fixture.SearchAsync("Patient", "_text=not liver")).Matches);
    }

    private static Model.Elements.Resource Patient(string id, string text) => SearchFixture.Read(
        $$$"""{"resourceType":"Patient","id":"{{{id}}}","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{{{text}}}</div>"}}""");
}
