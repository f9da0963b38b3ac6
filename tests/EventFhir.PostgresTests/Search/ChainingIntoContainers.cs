using EventFhir.Model.Definitions;
using EventFhir.Postgres.Search;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>R4 search.html#contained: "A chained condition will be evaluated inside contained resources."</summary>
public sealed class ChainingIntoContainers(TestCluster cluster)
{
    [Theory]
    [InlineData("Observation", "subject:Patient.name=smith", "alone beside")]
    [InlineData("Observation", "patient.name=smith", "alone beside")]
    [InlineData("Observation", "subject:Patient.name=smith&code=c1", "alone")]
    [InlineData("Observation", "subject:Patient.name:exact=Smith", "alone")]
    [InlineData("Observation", "subject:Patient.birthdate=ge1970", "alone")]
    [InlineData("Observation", "subject:Patient.gender:not=male", "beside")]
    [InlineData("Observation", "subject:Patient.gender:missing=true", "beside")]
    [InlineData("Observation", "subject:Patient.organization.name=clinic", "alone")]
    [InlineData("Observation", "subject:Patient.organization=Organization/stored", "beside")]
    [InlineData("Observation", "subject:Patient.organization.name=hall", "")]
    [InlineData("Observation", "performer:Practitioner.name=jones", "alone")]
    [InlineData("Observation", "performer:Practitioner.name=smith", "")]
    [InlineData("Observation", "_filter=subject.name sw smi or code eq c2", "alone beside")]
    [InlineData("Observation", "_filter=not (subject.name sw smi)", "other")]
    [InlineData("Observation", "subject:Group.actual=true", "")]
    [InlineData("DiagnosticReport", "result.subject:Patient.name=smith", "report")]
    [InlineData("Organization", "_has:Observation:performer:subject:Patient.name=smithson", "stored")]
    [InlineData("Patient", "_has:Observation:subject:code=inside", "")]
    public async Task A_chain_looks_into_what_the_reference_names_within_the_resource(string type, string query, string expected)
    {
        await using var fixture = await NewAsync();
        Assert.Equal(expected, string.Join(' ', await fixture.AllIdsAsync(SearchFixture.Parse(type, query + "&_sort=_id&_count=1").Value)));
    }

    [Fact]
    public async Task Later_pages_look_into_what_was_contained_at_the_first()
    {
        await using var fixture = await NewAsync();
        var query = SearchFixture.Parse("Observation", "subject:Patient.name=smith&_sort=_id&_count=1").Value;
        var first = await fixture.SearchAsync(query);
        Assert.Equal("alone", first.Matches.Single().Key.Id.Value);
        await fixture.WriteAsync(
            SearchFixture.Read("""{"resourceType":"Observation","id":"beside","status":"final","code":{"text":"x"}}"""),
            Contained("between", "c9", """{"resourceType":"Patient","id":"p","name":[{"family":"Smith"}]}"""));
        var second = await fixture.SearchAsync(query, first.Next);
        Assert.Equal("beside", second.Matches.Single().Key.Id.Value);
        Assert.Null(second.Next);
        Assert.Equal("alone between", string.Join(' ', await fixture.AllIdsAsync(query)));
    }

    [Fact]
    public async Task What_is_the_first_to_be_contained_is_found_at_once_but_not_on_pages_of_earlier_times()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        static Model.Elements.Resource Of(string id) => SearchFixture.Read(
            $$$"""{"resourceType":"Observation","id":"{{{id}}}","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"}}""");
        await fixture.WriteAsync(
            SearchFixture.Read("""{"resourceType":"Patient","id":"p","name":[{"family":"Smith"}]}"""), Of("o1"), Of("o3"), Of("o4"));
        var query = SearchFixture.Parse("Observation", "subject:Patient.name=smith&_sort=_id&_count=1").Value;
        var first = await fixture.SearchAsync(query);
        var counted = SearchFixture.Parse("Observation", "subject:Patient.name=smith&_summary=count").Value;
        Assert.Equal(3, (await fixture.SearchAsync(counted)).Total);
        await fixture.WriteAsync(Contained("o2", "c", """{"resourceType":"Patient","id":"p","name":[{"family":"Smith"}]}"""));
        Assert.Equal("o3", (await fixture.SearchAsync(query, first.Next)).Matches.Single().Key.Id.Value);
        Assert.Equal("o1 o2 o3 o4", string.Join(' ', await fixture.AllIdsAsync(query)));
        Assert.Equal(4, (await fixture.SearchAsync(counted)).Total);
    }

    [Fact]
    public async Task What_was_contained_is_still_found_on_pages_of_its_time()
    {
        await using var fixture = await NewAsync();
        var query = SearchFixture.Parse("Observation", "subject:Patient.name=smith&_sort=_id&_count=1").Value;
        var first = await fixture.SearchAsync(query);
        foreach (var id in (string[])["alone", "beside"])
            await fixture.WriteAsync(SearchFixture.Read($$$"""{"resourceType":"Observation","id":"{{{id}}}","status":"final","code":{"text":"x"}}"""));
        // Another node knows nothing of what was found.
        var other = new SearchReader(fixture.Database, Release.R4);
        Assert.Equal("beside", (await other.ReadAsync(query, first.Next, default)).Value.Matches.Single().Key.Id.Value);
    }

    private async Task<SearchFixture> NewAsync()
    {
        var fixture = await SearchFixture.NewAsync(cluster);
        await fixture.WriteAsync(
            Contained(
                "alone", "c1",
                """
                {"resourceType":"Patient","id":"p","name":[{"family":"Smith"}],"gender":"male","birthDate":"1980",
                 "managingOrganization":{"reference":"#o"}},{"resourceType":"Organization","id":"o","name":"Clinic"},
                {"resourceType":"Practitioner","id":"d","name":[{"family":"Jones"}]}
                """,
                ""","performer":[{"reference":"#d"}]"""),
            Contained("beside", "c2", """{"resourceType":"Patient","id":"p","name":[{"family":"Smithson"}],"managingOrganization":{"reference":"Organization/stored"}}""",
                ""","performer":[{"reference":"Organization/stored"}]"""),
            SearchFixture.Read("""{"resourceType":"Organization","id":"stored","name":"Hall"}"""),
            SearchFixture.Read("""{"resourceType":"Patient","id":"stored","gender":"male","name":[{"family":"Miller"}]}"""),
            SearchFixture.Read("""{"resourceType":"Observation","id":"other","status":"final","code":{"coding":[{"code":"c1"}]},"subject":{"reference":"Patient/stored"}}"""),
            SearchFixture.Read(
                """
                {"resourceType":"DiagnosticReport","id":"report","status":"final","code":{"text":"x"},"result":[{"reference":"#r"},{"reference":"Observation/beside"}],
                 "contained":[{"resourceType":"Observation","id":"r","status":"final","code":{"coding":[{"code":"inside"}]},"subject":{"reference":"Patient/stored"}}]}
                """));
        return fixture;
    }

    private static Model.Elements.Resource Contained(string id, string code, string contained, string more = "") => SearchFixture.Read(
        $$$"""
        {"resourceType":"Observation","id":"{{{id}}}","contained":[{{{contained}}}],"status":"final","code":{"coding":[{"code":"{{{code}}}"}]},
         "subject":{"reference":"#p"}{{{more}}}}
        """);
}
