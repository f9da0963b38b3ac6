using System.Collections.Immutable;
using System.Globalization;

using EventFhir.Model.Elements;
using EventFhir.Postgres.Search;
using EventFhir.Tests;

using Npgsql;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>The plans that PostgreSQL makes of the statements, over some thousand resources.</summary>
public sealed class PlanningSearches(TestCluster cluster)
{
    private const int Observations = 4_000;
    private const int Late = 2_100;

    /// <summary>For each kind of clause a search that finds little, and the index that has to serve it.</summary>
    private static readonly ImmutableArray<(string Type, string Query, string Index)> Selective =
    [
        ("Observation", "code=http://loinc.org|rare", "x_observation_terms_idx"),
        ("Observation", "code=http://loinc.org|rare,http://loinc.org|none", "x_observation_terms_idx"),
        ("Observation", "code=http://loinc.org|rare&_sort=-date", "x_observation_terms_idx"),
        ("Observation", "code:text=only", "x_observation_terms_idx"),
        ("Observation", "_profile=http://example.org/rare", "x_observation_terms_idx"),
        ("Observation", "code-value-quantity=http://loinc.org|rare$gt5", "x_observation_terms_idx"),
        ("Observation", "subject=Patient/p7", "x_observation_subject_idx"),
        ("Observation", "patient=p7&status=final&_sort=-date", "x_observation_subject_idx"),
        ("Observation", "performer=Practitioner/d7", "ref_observation_parameter_target_rid_idx"),
        ("Observation", "identifier=id-77", "ident_observation_hash_rid_idx"),
        ("Observation", "_id=o77", "stream_tenant_type_id_key"),
        ("Observation", "date=2005-01-01T10:00:00Z", "x_observation_date_lo_idx"),
        ("Observation", "date=ge2005-01-01&date=lt2005-01-02", "x_observation_date_lo_idx1"),
        ("Observation", "value-quantity=77|http://unitsofmeasure.org|mg", "x_observation_value_quantity_canonical_idx"),
        ("Observation", "_lastUpdated=gt2100-01-01", "recorded_at_idx"),
        ("Patient", "family=fam7", "str_patient_parameter_left_rid_idx"),
        ("Observation", "subject:Patient.family=fam7", "str_patient_parameter_left_rid_idx"),
        ("Patient", "_has:Observation:subject:code=http://loinc.org|rare", "x_observation_terms_idx"),
        ("Location", "near=10.05|20.05|3", "x_location_near_l"),
        ("Location", "name:contains=ard 177", "str_location_normalized_idx"),
        ("Location", "partof:below=l7", "x_location_partof_idx"),
        ("Location", "partof:above=l7", "x_location_pkey"),
    ];

    /// <summary>Orders that are walked, and the index along which.</summary>
    private static readonly ImmutableArray<(string Query, string Index)> Walked =
    [
        ("status=final", "x_observation_pkey"),
        ("status=final&_sort=date", "Index Scan using x_observation_date_lo_idx"),
        ("status=final&_sort=-date", "Index Scan Backward using x_observation_date_lo_idx"),
        ("_sort=-date", "Index Scan Backward using x_observation_date_lo_idx"),
        ("_sort=-value-quantity", "Index Scan Backward using x_observation_value_quantity_idx"),
        ("_sort=-_lastUpdated", "tenant_type_recorded_at_idx"),
    ];

    [Fact]
    public async Task An_index_serves_every_kind_of_clause_and_every_order()
    {
        await using var fixture = await LoadAsync();
        var wrong = new List<string>();
        await using var searcher = await fixture.Database.Searcher.OpenConnectionAsync();
        foreach (var (type, query, index) in Selective)
        {
            var statement = new SearchCompiler(_ => true).Few(SearchFixture.Parse(type, query).Value, at: null, bound: 2_000);
            await CheckAsync(searcher, $"{type}?{query}", statement, index);
        }
        foreach (var (query, index) in Walked)
        {
            var statement = new WalkStatement(_ => true).Of(SearchFixture.Parse("Observation", query).Value, at: null);
            await CheckAsync(searcher, query, statement!, index);
        }
        Assert.Empty(wrong);

        async Task CheckAsync(NpgsqlConnection connection, string name, NpgsqlBatchCommand statement, string index)
        {
            var plan = await ExplainAsync(connection, statement);
            if (!plan.Contains(index, StringComparison.Ordinal) || plan.Contains("Seq Scan on x_observation", StringComparison.Ordinal))
                wrong.Add($"{name}\n{plan}");
        }
    }

    /// <summary>A plan kept for a common code would be wrong for a rare one, and the other way round; keys have one good plan.</summary>
    [Fact]
    public async Task Plans_are_made_for_the_values_and_kept_only_for_keys()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        await fixture.WriteAsync(Observation(1));
        Assert.Equal((0, 12), await PlansAsync(fixture.Database.Searcher, "code=c1"));
        Assert.Equal((12, 0), await PlansAsync(fixture.Database.KeySearcher, "identifier=id-1"));

        static async Task<(long Generic, long Custom)> PlansAsync(NpgsqlDataSource source, string query)
        {
            await using var connection = await source.OpenConnectionAsync();
            for (var run = 0; run < 12 + 2; run++)
            {
                await using var batch = new NpgsqlBatch(connection);
                batch.BatchCommands.Add(new SearchCompiler(_ => true).Few(SearchFixture.Parse("Observation", query).Value, at: null, bound: 2_000));
                await batch.ExecuteScalarAsync();
            }
            await using var command = new NpgsqlCommand(
                "select generic_plans, custom_plans from pg_prepared_statements where statement like '%_observation%'", connection);
            await using var row = await command.ExecuteReaderAsync();
            Assert.True(await row.ReadAsync());
            return (Math.Min(12, row.GetInt64(0)), Math.Min(12, row.GetInt64(1)));
        }
    }

    /// <summary>What statistics say decides which statement comes first, and leaves out the walk where it would find too little.</summary>
    [Fact]
    public async Task What_matches_much_is_walked_first()
    {
        const string walk = "if a stretch of the order fills the page";
        await using var fixture = await LoadAsync();
        Assert.Equal([walk, "if up to 250 match", "otherwise"], await UsesAsync("status=final&_total=none"));
        Assert.Equal([walk, "if up to 250 match", "otherwise"], await UsesAsync("status:not=amended&category=late&_sort=-date&_total=none"));
        Assert.Equal([walk, "if up to 250 match", "otherwise"], await UsesAsync("status=final&date=ge1991&_sort=-date&_total=none"));
        Assert.Equal(["if up to 20000 match", "otherwise"], await UsesAsync("code=http://loinc.org|rare,http://loinc.org|none"));
        Assert.Equal(["if up to 20000 match", "otherwise"], await UsesAsync("date=ge2005-01-01&date=lt2005-01-03&status=final&_total=none"));
        // The newest are not from then, and what a value selects is not known.
        Assert.Equal(["if up to 250 match", walk, "otherwise"], await UsesAsync("status=final&date=lt2005&_sort=-date&_total=none"));
        Assert.Equal(["if up to 250 match", walk, "otherwise"], await UsesAsync("status=final&value-quantity=gt5&_total=none"));

        async Task<ImmutableArray<string>> UsesAsync(string query)
        {
            var parsed = SearchFixture.Parse("Observation", query).Value;
            var explained = await fixture.Reader.Explainer.ExplainAsync(parsed, at: null, ExplainMode.Plan, default);
            return [.. explained.Value.Statements.Select(statement => statement.Use)];
        }
    }

    /// <summary>
    /// A page of one match walks too short a stretch to meet the late ones, so that all three statements have their turn; with statistics, in
    /// another order.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task More_matches_than_are_gathered_come_each_once_and_in_order(bool hasStatistics)
    {
        await using var fixture = await LoadAsync();
        await using (var maintenance = await fixture.Database.Maintenance.OpenConnectionAsync())
        await using (var forget = new NpgsqlCommand("delete from pg_statistic where starelid = 'fhir.x_observation'::regclass", maintenance))
            if (!hasStatistics) await forget.ExecuteNonQueryAsync();
        await CheckAsync("status=final", Observations, _ => 0);
        await CheckAsync("status=final&_sort=date", Observations, number => YearOf(number));
        await CheckAsync("status=final&_sort=-date", Observations, number => -YearOf(number));
        await CheckAsync("_sort=-date,value-quantity", Observations, number => (-((YearOf(number) * 100L) + (number % 28)) * 100_000L) + number);
        await CheckAsync("status=final&_sort=-value-quantity", Observations, number => -number);
        await CheckAsync("_sort=-_lastUpdated", Observations, _ => 0);
        await CheckAsync("category=late", Late, _ => 0);
        await CheckAsync("category=late&_total=none", Late, _ => 0);
        await CheckAsync("category=late&_total=none&_sort=-date", Late, number => -YearOf(number));
        await CheckAsync("category=late&_sort=value-quantity", Late, number => number);
        await CheckAsync("category=late&_sort=-_lastUpdated", Late, _ => 0);

        async Task CheckAsync(string query, int count, Func<int, long> order)
        {
            var parsed = SearchFixture.Parse("Observation", query).Value;
            var ids = await fixture.AllIdsAsync(parsed with { Result = parsed.Result with { Count = 900 } });
            Assert.Equal(count, ids.Distinct().Count());
            Assert.Equal(count, ids.Length);
            var keys = ids.Select(id => order(int.Parse(id[1..], CultureInfo.InvariantCulture))).ToList();
            Assert.Equal(keys.Order(), keys);
            var first = await fixture.SearchAsync(parsed with { Result = parsed.Result with { Count = 1 } });
            Assert.Equal(ids[0], first.Matches[0].Key.Id.Value);
            Assert.Equal(query.StartsWith('_') ? Observations : null, first.Total);
        }
    }

    private static async Task<string> ExplainAsync(NpgsqlConnection connection, NpgsqlBatchCommand statement)
    {
        await using var explain = new NpgsqlCommand("explain " + statement.CommandText, connection);
        foreach (NpgsqlParameter parameter in statement.Parameters) explain.Parameters.Add(parameter.Clone());
        var plan = new List<string>();
        await using var row = await explain.ExecuteReaderAsync();
        while (await row.ReadAsync()) plan.Add(row.GetString(0));
        return string.Join('\n', plan);
    }

    private async Task<SearchFixture> LoadAsync()
    {
        var fixture = await SearchFixture.NewAsync(cluster);
        await fixture.WriteAsync(Enumerable.Range(0, 200).Select(number => SearchFixture.Read(
            $$"""{"resourceType":"Patient","id":"p{{number}}","name":[{"family":"fam{{number}}"}]}""")));
        await fixture.WriteAsync(Enumerable.Range(0, Observations).Select(Observation));
        await fixture.WriteAsync(Enumerable.Range(0, 2_000).Select(Location));
        await using var connection = new NpgsqlConnection(fixture.Database.ConnectionString);
        await connection.OpenAsync();
        await using var analyze = new NpgsqlCommand("vacuum analyze", connection);
        await analyze.ExecuteNonQueryAsync();
        return fixture;
    }

    private static int YearOf(int number) => 1990 + (number % 30);

    private static Resource Location(int number) => SearchFixture.Read(
        $$$"""{"resourceType":"Location","id":"l{{{number}}}","name":"Ward {{{number}}}","partOf":{"reference":"Location/l{{{number / 20}}}"},"position":{"latitude":{{{number / 50}}},"longitude":{{{number % 50}}}}}""");

    private static Resource Observation(int number) => SearchFixture.Read(
        $$$"""
        {"resourceType":"Observation","id":"o{{{number}}}","status":"final","identifier":[{"value":"id-{{{number}}}"}],
         "meta":{"profile":["http://example.org/{{{(number % 1000 == 0 ? "rare" : "common")}}}"]},
         "category":[{"coding":[{"code":"{{{(number >= Observations - Late ? "late" : "early")}}}"}]}],
         "code":{"coding":[{"system":"http://loinc.org","code":"{{{(number % 1000 == 0 ? "rare" : $"c{number % 20}")}}}"}],"text":"{{{(number % 1000 == 0 ? "only these" : "the others")}}}"},
         "subject":{"reference":"Patient/p{{{number % 200}}}"},"performer":[{"reference":"Practitioner/d{{{number % 300}}}"}],
         "effectiveDateTime":"{{{YearOf(number)}}}-01-{{{1 + (number % 28):00}}}T10:00:00Z",
         "valueQuantity":{"value":{{{number}}},"system":"http://unitsofmeasure.org","code":"mg"}}
        """);
}
