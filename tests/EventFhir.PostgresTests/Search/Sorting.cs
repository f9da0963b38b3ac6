using EventFhir.Model.Elements;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>Orders by each kind of value, and by those of other resources; what has no value comes last in either direction.</summary>
public sealed class Sorting(TestCluster cluster)
{
    private static readonly string[] Resources =
    [
        """{"resourceType":"Organization","id":"o1","name":"Zeta","identifier":[{"system":"urn:z","value":"1"}]}""",
        """{"resourceType":"Organization","id":"o2","name":"alpha","partOf":{"reference":"Organization/o1"}}""",
        """
        {"resourceType":"Patient","id":"a","meta":{"profile":["http://p/2"],"tag":[{"code":"B"}]},"gender":"male","birthDate":"1980",
         "identifier":[{"system":"urn:a","value":"b7"},{"system":"urn:b","value":"x"}],"managingOrganization":{"reference":"Organization/o1"},
         "telecom":[{"system":"phone","value":"9"},{"system":"email","value":"0@x"}]}
        """,
        """
        {"resourceType":"Patient","id":"b","meta":{"profile":["http://p/1"],"tag":[{"code":"a"},{"code":"c"}]},"gender":"female","birthDate":"1970",
         "identifier":[{"system":"urn:b","value":"B7"}],"managingOrganization":{"reference":"http://here/fhir/Organization/o2"},
         "generalPractitioner":[{"reference":"Organization/o1"},{"reference":"Organization/nobody"}],"telecom":[{"system":"phone","value":"5"}]}
        """,
        """
        {"resourceType":"Patient","id":"c","birthDate":"1990","managingOrganization":{"reference":"http://elsewhere/fhir/Organization/o2"},
         "generalPractitioner":[{"reference":"Organization/o2"}]}
        """,
        """{"resourceType":"Observation","id":"v1","status":"final","code":{"coding":[{"system":"urn:z","code":"a"}]},"subject":{"reference":"Patient/a"}}""",
        """{"resourceType":"Observation","id":"v2","status":"amended","code":{"coding":[{"system":"urn:a","code":"B"}]},"subject":{"reference":"Patient/b"}}""",
        """{"resourceType":"Observation","id":"v3","status":"final","code":{"text":"a"},"subject":{"reference":"Patient/c"}}""",
        """{"resourceType":"Observation","id":"v4","status":"final","code":{"coding":[{"code":"c"}]},"subject":{"reference":"Group/a"}}""",
        """{"resourceType":"Questionnaire","id":"q","url":"http://q","version":"1","title":"Second","status":"active"}""",
        """{"resourceType":"Questionnaire","id":"r","url":"http://r","title":"First","status":"active"}""",
        """{"resourceType":"QuestionnaireResponse","id":"qr1","questionnaire":"http://q|1","status":"completed"}""",
        """{"resourceType":"QuestionnaireResponse","id":"qr2","questionnaire":"http://r","status":"completed"}""",
        """{"resourceType":"QuestionnaireResponse","id":"qr3","questionnaire":"http://none","status":"completed"}""",
    ];

    [Theory]
    [InlineData("Patient", "gender", "b a c", "a b c")]
    [InlineData("Patient", "_tag", "b a c", "b a c")]
    [InlineData("Patient", "_profile", "b a c", "a b c")]
    [InlineData("Patient", "identifier", "b a c", "a b c")]
    [InlineData("Patient", "phone", "b a c", "a b c")]
    [InlineData("Patient", "email", "a b c", "a b c")]
    [InlineData("Patient", "organization", "a b c", "b a c")]
    [InlineData("Patient", "general-practitioner", "b c a", "c b a")]
    [InlineData("Patient", "organization.name", "b a c", "a b c")]
    [InlineData("Patient", "organization.identifier", "a b c", "a b c")]
    [InlineData("Patient", "organization.partof.name", "b a c", "b a c")]
    [InlineData("Patient", "general-practitioner:Organization.name", "c b a", "b c a")]
    [InlineData("Patient", "organization._id", "a b c", "b a c")]
    [InlineData("Observation", "status,code", "v2 v1 v4 v3", "v4 v1 v3 v2")]
    [InlineData("Observation", "code", "v1 v2 v4 v3", "v4 v2 v1 v3")]
    [InlineData("Observation", "combo-code", "v1 v2 v4 v3", "v4 v2 v1 v3")]
    [InlineData("Observation", "subject", "v4 v1 v2 v3", "v3 v2 v1 v4")]
    [InlineData("Observation", "patient", "v1 v2 v3 v4", "v3 v2 v1 v4")]
    [InlineData("Observation", "patient.birthdate", "v2 v1 v3 v4", "v3 v1 v2 v4")]
    [InlineData("Observation", "subject:Patient.birthdate", "v2 v1 v3 v4", "v3 v1 v2 v4")]
    [InlineData("Observation", "subject.organization.name", "v2 v1 v3 v4", "v1 v2 v3 v4")]
    [InlineData("Observation", "patient.general-practitioner:Organization.name", "v3 v2 v1 v4", "v2 v3 v1 v4")]
    [InlineData("Observation", "subject:Group.code,patient.identifier", "v2 v1 v3 v4", "v1 v2 v3 v4")]
    [InlineData("QuestionnaireResponse", "questionnaire", "qr3 qr1 qr2", "qr2 qr1 qr3")]
    [InlineData("QuestionnaireResponse", "questionnaire.title", "qr2 qr1 qr3", "qr1 qr2 qr3")]
    public async Task By_one_key_and_by_another(string type, string key, string ascending, string descending)
    {
        await using var fixture = await NewAsync();
        Assert.Equal(ascending, await OrderAsync(fixture, type, $"{key},_id"));
        Assert.Equal(descending, await OrderAsync(fixture, type, $"-{key.Replace(",", ",-", StringComparison.Ordinal)},_id"));
    }

    [Fact]
    public async Task A_later_page_keeps_to_the_order_of_the_first_whatever_becomes_of_the_values()
    {
        await using var fixture = await NewAsync();
        var query = SearchFixture.Parse("Observation", "_sort=-patient.organization.name,-patient.identifier,status&_count=2").Value;
        var first = await fixture.SearchAsync(query);
        await fixture.WriteAsync(
            SearchFixture.Read("""{"resourceType":"Organization","id":"o2","name":"zz"}"""),
            SearchFixture.Read("""{"resourceType":"Patient","id":"c","identifier":[{"value":"zz"}],"managingOrganization":{"reference":"Organization/o2"}}"""));
        var second = await fixture.SearchAsync(query, first.Next);
        Assert.Equal("v1 v2 v3 v4", string.Join(' ', first.Matches.Concat(second.Matches).Select(match => match.Key.Id.Value)));
        Assert.Equal("v3 v2 v1 v4", await OrderAsync(fixture, "Observation", "-patient.organization.name,-patient.identifier,status"));
    }

    [Fact]
    public async Task A_long_text_counts_by_its_beginning_so_that_links_stay_short()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        var (common, astral) = (new string('x', 255), "\U0001F600");
        await fixture.WriteAsync(Identified("a", common + astral + "b"), Identified("b", common + astral + "a"), Identified("c", common + "y"));
        Assert.Equal("c a b", await OrderAsync(fixture, "Patient", "identifier,_id"));
    }

    private static Resource Identified(string id, string value) =>
        SearchFixture.Read($$"""{"resourceType":"Patient","id":"{{id}}","identifier":[{"value":"{{value}}"}]}""");

    private async Task<SearchFixture> NewAsync()
    {
        var fixture = await SearchFixture.NewAsync(cluster);
        await fixture.WriteAsync(Resources.Select(SearchFixture.Read));
        return fixture;
    }

    private static async Task<string> OrderAsync(SearchFixture fixture, string type, string sort) =>
        string.Join(' ', await fixture.AllIdsAsync(SearchFixture.Parse(type, $"_sort={sort}&_count=2").Value));
}
