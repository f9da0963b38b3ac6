using EventFhir.Postgres.Search;
using EventFhir.Tests;

using Npgsql;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>The text of the statements, and the plans that PostgreSQL makes of them.</summary>
public sealed class CompilingToSql(TestCluster cluster)
{
    [Theory]
    [InlineData("Observation", "code=http://loinc.org|8867-4", "x.terms @> $1")]
    [InlineData("Observation", "status=final,amended", "x.terms && $1")]
    [InlineData("Observation", "status:not=final", "not x.terms @> $1")]
    [InlineData(
        "Observation", "code:text=body",
        "(x.terms && array(select t.hash from \"fhir\".\"lex_observation\" t where t.parameter = $1 and left(t.normalized, 200) >= $2 and left(t.normalized, 200) < $3))")]
    [InlineData("Observation", "subject:missing=true", "not (x.\"subject\" is not null or x.terms @> $1)")]
    [InlineData("Patient", "identifier=http://s|1", "(x.rid in (select t.rid from \"fhir\".\"ident_patient\" t where t.hash = $1))")]
    [InlineData(
        "Patient", "family=smi",
        "(x.rid in (select t.rid from \"fhir\".\"str_patient\" t where t.parameter = any($1) and left(t.normalized, 200) >= $2 and left(t.normalized, 200) < $3))")]
    [InlineData(
        "Observation", "date=ge2020",
        "((x.\"date_lo\" is not null and (x.\"date_hi\" > $1 and (x.\"date_hi\" > $2 or x.\"date_lo\" >= $3))))")]
    [InlineData(
        "Observation", "subject:Patient.gender=male",
        "(x.\"subject\" is not null and x.\"subject\" in (select x.rid from \"fhir\".\"x_patient\" x where x.terms @> $1))")]
    [InlineData(
        "Patient", "_text=(bone or liver) and metastases", "x.rid in (select t.rid from \"fhir\".\"text_patient\" t where t.words @@ $1::tsquery)")]
    [InlineData("Patient", "_text=not bone", "not x.rid in (select t.rid from \"fhir\".\"text_patient\" t where t.words @@ $1::tsquery)")]
    [InlineData(
        "Patient", "_has:Observation:subject:status=final",
        "x.rid in (select x.\"subject\" from \"fhir\".\"x_observation\" x where x.\"subject\" is not null and x.terms @> $1)")]
    public void Each_kind_of_clause_has_its_own_condition(string type, string query, string condition) =>
        Assert.Contains($"\" x where {condition})", Compile(type, query), StringComparison.Ordinal);

    [Fact]
    public void Types_without_tables_match_nothing() =>
        Assert.Contains("where false", new SearchCompiler(_ => false).Page(SearchFixture.Parse("Patient", "family=x").Value, at: null).CommandText, StringComparison.Ordinal);

    [Theory]
    [InlineData("Observation", "code=http://loinc.org|rare", "x_observation_terms_idx")]
    [InlineData("Observation", "code=http://loinc.org|rare&_sort=-date", "x_observation_terms_idx")]
    [InlineData("Observation", "code:text=only", "x_observation_terms_idx")]
    [InlineData("Observation", "subject=Patient/p7", "x_observation_subject_idx")]
    [InlineData("Observation", "identifier=id-77", "ident_observation_hash_rid_idx")]
    [InlineData("Patient", "family=fam7", "str_patient_parameter_left_rid_idx")]
    [InlineData("Observation", "subject:Patient.family=fam7", "str_patient_parameter_left_rid_idx")]
    [InlineData("Patient", "_has:Observation:subject:code=http://loinc.org|rare", "x_observation_terms_idx")]
    [InlineData("Location", "near=10.05|20.05|3", "x_location_near_l")]
    public async Task No_selective_search_scans_a_type(string type, string query, string index)
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        await fixture.WriteAsync(Enumerable.Range(0, 200).Select(number => SearchFixture.Read(
            $$"""{"resourceType":"Patient","id":"p{{number}}","name":[{"family":"fam{{number}}"}]}""")));
        await fixture.WriteAsync(Enumerable.Range(0, 4_000).Select(Observation));
        if (type == "Location") await fixture.WriteAsync(Enumerable.Range(0, 2_000).Select(Location));
        await using var connection = new NpgsqlConnection(fixture.Database.ConnectionString);
        await connection.OpenAsync();
        await using (var analyze = new NpgsqlCommand("vacuum analyze", connection)) await analyze.ExecuteNonQueryAsync();

        var statement = new SearchCompiler(_ => true).Page(SearchFixture.Parse(type, query).Value, at: null);
        await using var explain = new NpgsqlCommand("explain " + statement.CommandText, connection);
        foreach (NpgsqlParameter parameter in statement.Parameters) explain.Parameters.Add(parameter.Clone());
        var plan = new List<string>();
        await using var row = await explain.ExecuteReaderAsync();
        while (await row.ReadAsync()) plan.Add(row.GetString(0));
        Assert.Contains(plan, line => line.Contains(index, StringComparison.Ordinal));
        Assert.DoesNotContain(plan, line => line.Contains("Seq Scan on x_observation", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Hostile_text_is_only_ever_a_value()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        await fixture.WriteAsync(SearchFixture.Read("""{"resourceType":"Patient","id":"p","name":[{"family":"x"}]}"""));
        string[] hostile = ["'; drop schema fhir cascade; --", "\" or 1=1 --", "$1", "%", "_", "\\\\", "x') or true or ('", "{0}", "\u202e", "a\u0301", "😀"];
        string[] parameters = ["family", "family:exact", "family:contains", "identifier", "gender", "link", "_tag", "_profile:below", "_has:Observation:subject:code"];
        foreach (var text in hostile)
        {
            foreach (var parameter in parameters)
            {
                var parsed = SearchFixture.Parse("Patient", $"{parameter}={Uri.EscapeDataString(text)}");
                if (parsed.Refusal is null) Assert.Empty((await fixture.SearchAsync(parsed.Value)).Matches);
            }
        }
        Assert.Single((await fixture.SearchAsync("Patient", "family=x")).Matches);
    }

    private static string Compile(string type, string query) => new SearchCompiler(_ => true).Page(SearchFixture.Parse(type, query).Value, at: null).CommandText;

    private static Model.Elements.Resource Location(int number) => SearchFixture.Read(
        $$$"""{"resourceType":"Location","id":"l{{{number}}}","position":{"latitude":{{{number / 50}}},"longitude":{{{number % 50}}}}}""");

    private static Model.Elements.Resource Observation(int number) => SearchFixture.Read(
        $$$"""
        {"resourceType":"Observation","id":"o{{{number}}}","status":"final","identifier":[{"value":"id-{{{number}}}"}],
         "subject":{"reference":"Patient/p{{{number % 200}}}"},"effectiveDateTime":"{{{2000 + (number % 20)}}}-01-01",
         "code":{"coding":[{"system":"http://loinc.org","code":"{{{(number % 1000 == 0 ? "rare" : $"c{number % 20}")}}}"}],"text":"{{{(number % 1000 == 0 ? "only these" : "the others")}}}"}}
        """);
}
