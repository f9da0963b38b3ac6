using EventFhir.Postgres.Search;
using EventFhir.Tests;

using Npgsql;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>The text of the statements.</summary>
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
        "Observation", "date=gt2020&date=lt2021",
        "((x.\"date_lo\" is not null and x.\"date_hi\" > $1)) and ((x.\"date_lo\" is not null and x.\"date_lo\" < $2)) and (x.\"date_lo\" >= $3 or ((x.\"date_hi\" at time zone 'UTC') > (x.\"date_lo\" at time zone 'UTC') + interval '24:00:00' and num_nonnulls(x.\"date_lo\", x.\"date_hi\") = 2))")]
    [InlineData(
        "Encounter", "length=ge5",
        "(((x.\"length\" is not null and ((x.\"length_hi\" is null and x.\"length\" >= $1) or (x.\"length_hi\" is not null and x.\"length_hi\" >= $1)))))")]
    [InlineData(
        "Observation", "_lastUpdated=gt2020&status=final",
        "(exists (select from es.stream s where s.rid = x.rid and ((s.updated + interval '1 ms') > $1)) and x.rid in (select e.rid from es.event e where e.tenant = 0 and e.type = $2 and e.recorded_at >= $3)) and x.terms @> $4")]
    [InlineData(
        "Observation", "subject:Patient.gender=male",
        "(x.\"subject\" is not null and x.\"subject\" in (select x.rid from \"fhir\".\"x_patient\" x where x.terms @> $1))")]
    [InlineData(
        "Patient", "_text=(bone or liver) and metastases", "x.rid in (select t.rid from \"fhir\".\"text_patient\" t where t.words @@ $1::tsquery)")]
    [InlineData("Patient", "_text=not bone", "not x.rid in (select t.rid from \"fhir\".\"text_patient\" t where t.words @@ $1::tsquery)")]
    [InlineData(
        "QuestionnaireResponse", "questionnaire.status=active",
        "(false or x.terms && array(select h.hash from \"fhir\".\"lex_questionnaireresponse\" h where h.parameter = $1 and h.normalized in (" +
        "select o.normalized from \"fhir\".\"lex_questionnaire\" o where o.parameter = $2 and o.hash in (" +
        "select unnest(x.terms) from \"fhir\".\"x_questionnaire\" x where x.terms @> $3))))")]
    [InlineData(
        "Patient", "_has:Observation:subject:status=final",
        "x.rid in (select x.\"subject\" from \"fhir\".\"x_observation\" x where x.\"subject\" is not null and x.terms @> $1)")]
    public void Each_kind_of_clause_has_its_own_condition(string type, string query, string condition) =>
        Assert.Contains($"\" x where {condition})", Compile(type, query), StringComparison.Ordinal);

    /// <summary>The first statement of a first page, for each of the forms that it has.</summary>
    [Theory]
    [InlineData(
        "Observation", "code=http://loinc.org|8867-4",
        "select b.matches, b.rid, b.type, b.id, b.version, b.kind, b.updated, b.body, (select pg_current_snapshot()::text) from es.page(array(" +
        "select x.rid from \"fhir\".\"x_observation\" x where x.terms @> $2 limit 2001), $1, 2000) b")]
    [InlineData(
        "Patient", "identifier=http://s|1",
        "with f as materialized (select distinct t.rid from \"fhir\".\"ident_patient\" t where t.hash = $1 limit 2001)" +
        " select (select count(*) from f), b.rid, b.type, b.id, b.version, e.kind, b.updated, e.body," +
        " (select pg_current_snapshot()::text) from (select f.* from f order by \"f\".rid limit $2) p" +
        " join es.stream b on b.rid = p.rid join es.event e on e.seq = b.seq order by \"p\".rid")]
    [InlineData(
        "Observation", "_lastUpdated=gt2020&_sort=-_lastUpdated",
        "with f as materialized (select * from (select e.rid, s.updated as \"ka\" from es.event e cross join lateral (select s.updated from es.stream s" +
        " where s.rid = e.rid and s.seq = e.seq and not s.deleted offset 0) s where e.tenant = 0 and e.type = $2 and e.recorded_at >= $3" +
        " and (s.updated + interval '1 ms') > $4) m limit 2001), n as (select count(*) as n from f), p as materialized (select f.* from f" +
        " order by \"f\".\"ka\" desc nulls last, \"f\".rid limit case when (select n.n from n) <= 2000 then $1 else 1 end)" +
        " select (select n.n from n), b.rid, b.type, b.id, b.version, b.kind, b.updated, b.body, p.\"ka\"::text, (select pg_current_snapshot()::text)" +
        " from es.current(array(select p.rid from p)) b join p on p.rid = b.rid order by \"p\".\"ka\" desc nulls last, \"p\".rid")]
    public void Few_matches_are_counted_and_paged_in_one_statement(string type, string query, string text) =>
        Assert.Equal(text, new SearchCompiler(_ => true).Few(SearchFixture.Parse(type, query).Value, at: null, bound: 2_000).CommandText);

    [Theory]
    [InlineData(
        "subject:Patient.identifier=http://s|1&status=final",
        "with k as materialized (select array(select distinct t.rid from \"fhir\".\"ident_patient\" t" +
        " where t.hash = $1 limit 101) as rids) select b.matches, b.rid, b.type, b.id, b.version, b.kind, b.updated, b.body," +
        " (select pg_current_snapshot()::text) from es.page(case when (select cardinality(k.rids) from k) <= 100 then array(" +
        "select x.rid from \"fhir\".\"x_observation\" x where (x.\"subject\" is not null and x.\"subject\" = any((select k.rids from k)::bigint[]))" +
        " and x.terms @> $3 limit 2001) end, $2, 2000) b")]
    [InlineData("subject:Patient.gender=male", null)]
    [InlineData("subject:Patient.family=x&_sort=date", null)]
    public void A_chain_to_what_a_key_finds_is_looked_up_first(string query, string? text) =>
        Assert.Equal(text, new SearchCompiler(_ => true).FewThroughKeys(SearchFixture.Parse("Observation", query).Value, bound: 2_000)?.CommandText);

    [Fact]
    public void Types_without_tables_match_nothing() =>
        Assert.Contains("where false", new SearchCompiler(_ => false).Page(SearchFixture.Parse("Patient", "family=x").Value, at: null).CommandText, StringComparison.Ordinal);

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

    [Theory]
    [InlineData("Observation", "subject:Patient.link:Patient.family")]
    [InlineData("Observation", "subject:Patient.link:Patient.link:Patient.birthdate")]
    [InlineData("Patient", "family:exact")]
    [InlineData("Patient", "_has:Observation:subject:value-quantity")]
    [InlineData("Location", "near")]
    [InlineData("ValueSet", "url:above")]
    public void No_search_has_more_values_than_a_statement_takes(string type, string name)
    {
        // The most that is accepted, on the page that is dearest.
        var at = new SearchCursor(PageDirection.Forward, ["2020-01-01"], 7, Total: null, "5:9:6");
        var accepted = 0;
        for (var values = 10; values <= 1000; values += 90)
        {
            var given = string.Join(',', Enumerable.Range(0, values).Select(number => ValueOf(name, number)));
            var clauses = string.Join('&', Enumerable.Repeat($"{name}={Uri.EscapeDataString(given)}", 6));
            if (SearchFixture.Parse(type, $"{clauses}&_sort=_lastUpdated") is not { Refusal: null, Value: { } query }) break;
            accepted = values;
            Assert.InRange(new SearchCompiler(_ => true).Few(query, at, 2_000).Parameters.Count, 1, 65_535);
        }
        Assert.InRange(accepted, 10, 1000);
    }

    private static string ValueOf(string name, int number) => name.Split('.', ':')[^1] switch
    {
        "birthdate" => $"ge{1900 + (number % 100)}",
        "value-quantity" => $"{number}|http://unitsofmeasure.org|mg",
        "near" => $"{number % 90}|{number % 180}",
        "above" => $"http://a/b/c{number}",
        _ => $"name{number}",
    };

    private static string Compile(string type, string query) => new SearchCompiler(_ => true).Page(SearchFixture.Parse(type, query).Value, at: null).CommandText;
}
