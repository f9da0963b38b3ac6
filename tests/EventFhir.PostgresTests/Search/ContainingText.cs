using EventFhir.Tests;

using Npgsql;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>:contains with the trigrams of pg_trgm, and without where a database does not have them.</summary>
public sealed class ContainingText(TestCluster cluster)
{
    private const string Indexes = "select count(*) from pg_indexes where tablename = 'str_patient' and indexdef like '%gin_trgm_ops%'";

    [Theory]
    [InlineData("select 1", 1)]
    [InlineData("drop extension pg_trgm", 0)]
    [InlineData("create schema elsewhere; alter extension pg_trgm set schema elsewhere", 1)]
    public async Task Finds_the_same_with_trigrams_without_and_wherever_they_are(string before, long indexes)
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        await using var source = NpgsqlDataSource.Create(fixture.Database.ConnectionString);
        await using (var command = source.CreateCommand(before)) await command.ExecuteNonQueryAsync();
        await fixture.WriteAsync(
            SearchFixture.Read("""{"resourceType":"Patient","id":"a","name":[{"family":"O'Brien-Müller"}]}"""), SearchFixture.Read("""{"resourceType":"Patient","id":"b","name":[{"text":"100% _sure_ \\\\ ok"}]}"""),
            SearchFixture.Read($$"""{"resourceType":"Patient","id":"c","name":[{"text":"{{new string('x', 400)}} the end"}]}"""));
        (string Query, string Ids)[] rows =
        [
            ("name:contains=rienmull", "a"), ("name:contains=RIEN-MÜLL", "a"), ("name:contains=i", "a"), ("name:contains=x the e", "c"), ("name:contains=0 sure", "b"), ("name:contains=sure ok", "b"),
            ("name:contains=b%25r", "a"), ("name:contains=o_e", ""),
        ];
        foreach (var (query, ids) in rows)
            Assert.Equal((query, ids), (query, string.Join(' ', (await fixture.AllIdsAsync(SearchFixture.Parse("Patient", query).Value)).Order(StringComparer.Ordinal))));
        await using var count = source.CreateCommand(Indexes);
        Assert.Equal(indexes, await count.ExecuteScalarAsync());
    }
}
