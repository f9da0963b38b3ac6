using System.Globalization;

using EventFhir.Postgres.Search;
using EventFhir.Tests;

using Npgsql;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>Searches by key that come at a time share round trips; nobody can tell.</summary>
public sealed class SharingTrips(TestCluster cluster)
{
    private const int Patients = 60;

    [Fact]
    public async Task Each_search_has_its_own_answer()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        await fixture.WriteAsync(Enumerable.Range(0, Patients).Select(number => SearchFixture.Read(
            $$"""{"resourceType":"Patient","id":"p{{number}}","identifier":[{"system":"http://s","value":"{{number}}"}],"name":[{"family":"Fam{{number % 7}}"}]}""")));
        await fixture.SearchAsync("Patient", "identifier=http://s|0");
        await Task.WhenAll(Enumerable.Range(0, 400).Select(async number =>
        {
            if (number % 4 == 0)
            {
                var family = number % 7;
                var page = await fixture.SearchAsync("Patient", $"family=fam{family}&_count=5");
                var expected = Enumerable.Range(0, Patients).Count(patient => patient % 7 == family);
                Assert.Equal(expected, page.Total);
                Assert.Equal(Math.Min(5, expected), page.Matches.Length);
                Assert.All(page.Matches, match => Assert.Equal(family, NumberOf(match.Key.Id.Value) % 7));
                Assert.Equal(expected > 5, page.Next is not null);
            }
            else
            {
                var page = await fixture.SearchAsync("Patient", $"identifier=http://s|{number % 90}");
                Assert.Equal(number % 90 < Patients ? [$"p{number % 90}"] : [], page.Matches.Select(match => match.Key.Id.Value));
            }
        }));
    }

    [Fact]
    public async Task What_was_written_before_a_search_is_found()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        await fixture.WriteAsync(SearchFixture.Read("""{"resourceType":"Patient","id":"first"}"""));
        await Task.WhenAll(Enumerable.Range(0, 100).Select(async number =>
        {
            await fixture.WriteAsync(SearchFixture.Read(
                $$"""{"resourceType":"Patient","id":"p{{number}}","identifier":[{"system":"http://s","value":"{{number}}"}]}"""));
            Assert.Single((await fixture.SearchAsync("Patient", $"identifier=http://s|{number}")).Matches);
        }));
    }

    [Fact]
    public async Task A_statement_that_fails_takes_no_other_answer_and_no_lane_with_it()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        var lanes = new KeyLanes(fixture.Database.KeySearcher);
        for (var round = 0; round < 5; round++)
        {
            var found = await Task.WhenAll(Enumerable.Range(0, 100).Select(number => AskAsync(number % 25 == 7 ? "select 1 / (random() * 0)::int" : $"select {number}::bigint")));
            for (var number = 0; number < found.Length; number++)
            {
                if (number % 25 == 7) Assert.Null(found[number]);
                else if (found[number] is { } answer) Assert.Equal(number, answer.Matches);
            }
            Assert.Equal(round, (await AskAsync($"select {round}::bigint"))?.Matches);
        }

        Task<FoundRows?> AskAsync(string text) => lanes.ReadAsync(new NpgsqlBatchCommand(text), async row =>
        {
            await row.ReadAsync();
            return new FoundRows([], row.GetInt64(0), Snapshot: "", Live: null);
        });
    }

    private static int NumberOf(string id) => int.Parse(id.AsSpan(1), CultureInfo.InvariantCulture);
}
