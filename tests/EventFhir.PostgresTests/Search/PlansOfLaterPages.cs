using EventFhir.Core.Search;
using EventFhir.Postgres.Search;
using EventFhir.Tests;

using Npgsql;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>
/// A page as of an earlier snapshot comes from the newest rows and from those of the past. What indexes serve for the newest, they serve here too; and
/// where nothing has changed since, the past costs a look into an index.
/// </summary>
public sealed class PlansOfLaterPages(TestCluster cluster)
{
    [Fact]
    public async Task Both_halves_are_served_by_indexes()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        await fixture.WriteAsync(Enumerable.Range(0, 100).Select(Patient));
        await fixture.WriteAsync(Enumerable.Range(0, 3_000).Select(number => Observation(number, "before")));
        await fixture.WriteAsync(Enumerable.Range(0, 2_000).Select(number => Observation(number, "between")));
        await using var connection = new NpgsqlConnection(fixture.Database.ConnectionString);
        await connection.OpenAsync();
        await using (var analyze = new NpgsqlCommand("vacuum analyze", connection)) await analyze.ExecuteNonQueryAsync();
        await using var now = new NpgsqlCommand("select pg_current_snapshot()::text", connection);
        var snapshot = (string)(await now.ExecuteScalarAsync())!;
        await fixture.WriteAsync(Enumerable.Range(0, 20).Select(number => Observation(number, "after")));

        (string Type, string Query, string?[] Keys, string[] Indexes)[] cases =
        [
            ("Observation", "code=rare", [], ["x_observation_terms_idx", "x_observation_until_idx"]),
            ("Observation", "code=rare&_sort=-date", ["2010-01-01 00:00:00+00"], ["x_observation_terms_idx", "x_observation_until_idx"]),
            ("Observation", "subject=Patient/p7", [], ["x_observation_subject_idx", "x_observation_until_idx"]),
            ("Observation", "identifier=id-77", [], ["ident_observation_hash_rid_idx", "x_observation_until_idx"]),
            ("Observation", "subject:Patient.family=fam7", [], ["str_patient_parameter_left_rid_idx", "x_observation_until_idx"]),
            ("Patient", "_has:Observation:subject:code=rare", [], ["x_observation_terms_idx", "x_observation_until_idx"]),
        ];
        foreach (var (type, query, keys, indexes) in cases)
        {
            var at = new SearchCursor(PageDirection.Forward, [.. keys], Rid: 5, Total: null, snapshot);
            var parsed = SearchFixture.Parse(type, query).Value;
            await CheckAsync(connection, query, new SearchCompiler(_ => true).Few(parsed, at, bound: 1_000), indexes);
            await CheckAsync(connection, query, new SearchCompiler(_ => true).Page(parsed, at), indexes);
        }
        var walk = new SearchCursor(PageDirection.Backward, ["2010-01-01 00:00:00+00"], Rid: 5, Total: null, snapshot);
        var common = SearchFixture.Parse("Observation", "status=final&_sort=-date").Value;
        await CheckAsync(connection, "walk", new WalkStatement(_ => true).Of(common, walk)!, ["x_observation_date_lo_idx", "x_observation_until_idx"]);
    }

    private static async Task CheckAsync(NpgsqlConnection connection, string what, NpgsqlBatchCommand statement, string[] indexes)
    {
        await using var explain = new NpgsqlCommand("explain " + statement.CommandText, connection);
        foreach (NpgsqlParameter parameter in statement.Parameters) explain.Parameters.Add(parameter.Clone());
        var plan = new List<string>();
        await using var row = await explain.ExecuteReaderAsync();
        while (await row.ReadAsync()) plan.Add(row.GetString(0));
        var text = $"{what}\n{string.Join('\n', plan)}";
        foreach (var index in indexes) Assert.True(plan.Any(line => line.Contains(index, StringComparison.Ordinal)), $"{index}: {text}");
        Assert.False(plan.Any(line => line.Contains("Seq Scan on x_observation", StringComparison.Ordinal)), text);
    }

    private static Model.Elements.Resource Patient(int number) =>
        SearchFixture.Read($$"""{"resourceType":"Patient","id":"p{{number}}","name":[{"family":"fam{{number}}"}]}""");

    private static Model.Elements.Resource Observation(int number, string note) => SearchFixture.Read(
        $$$"""
        {"resourceType":"Observation","id":"o{{{number}}}","status":"final","identifier":[{"value":"id-{{{number}}}"}],
         "subject":{"reference":"Patient/p{{{number % 100}}}"},"effectiveDateTime":"{{{2000 + (number % 20)}}}-01-01","note":[{"text":"{{{note}}}"}],
         "code":{"coding":[{"code":"{{{(number % 1000 == 0 ? "rare" : $"c{number % 20}")}}}"}]}}
        """);
}
