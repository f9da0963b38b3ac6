using EventFhir.Tests;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>Following the pages of a search while others write.</summary>
public sealed class Paging(TestCluster cluster)
{
    [Theory]
    [InlineData("family=fam")]
    [InlineData("family=fam&_sort=family")]
    [InlineData("family=fam&_sort=-birthdate,family")]
    public async Task What_nobody_changes_is_found_exactly_once(string query)
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        await fixture.WriteAsync(Enumerable.Range(0, 60).Select(number => Patient($"still{number}", number)));
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            for (var number = 0; !stop.IsCancellationRequested; number++)
            {
                var patient = Patient($"moving{writer}-{number % 20}", number);
                if (number % 3 == 2) await fixture.DeleteAsync(patient);
                else await fixture.WriteAsync(patient);
            }
        })).ToList();
        for (var round = 0; round < 30; round++)
        {
            var found = await fixture.AllIdsAsync(SearchFixture.Parse("Patient", query + "&_count=7").Value);
            Assert.Equal(60, found.Count(id => id.StartsWith("still", StringComparison.Ordinal)));
            Assert.Equal(60, found.Where(id => id.StartsWith("still", StringComparison.Ordinal)).Distinct().Count());
        }
        await stop.CancelAsync();
        await Task.WhenAll(writers);
    }

    private static Model.Elements.Resource Patient(string id, int number) => SearchFixture.Read(
        $$"""{"resourceType":"Patient","id":"{{id}}","name":[{"family":"fam{{number % 9}}"}]{{BirthDate(number)}}}""");

    private static string BirthDate(int number) => number % 4 == 0 ? "" : $",\"birthDate\":\"{1950 + (number % 50)}-01-01\"";
}
