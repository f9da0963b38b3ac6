using EventFhir.Tests;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>Chains, _has and includes over canonical URLs (R4 references.html#canonical).</summary>
public sealed class FollowingCanonicals(TestCluster cluster)
{
    [Theory]
    [InlineData("QuestionnaireResponse", "questionnaire.title=first", "any one")]
    [InlineData("QuestionnaireResponse", "questionnaire.title=second", "any two")]
    [InlineData("QuestionnaireResponse", "questionnaire:Questionnaire.title=first", "any one")]
    [InlineData("QuestionnaireResponse", "questionnaire.title=plain", "plain")]
    [InlineData("QuestionnaireResponse", "questionnaire._id=q2", "any two")]
    [InlineData("QuestionnaireResponse", "questionnaire._id=nobody", "")]
    [InlineData("Questionnaire", "_has:QuestionnaireResponse:questionnaire:status=completed", "plain q1 q2")]
    [InlineData("Questionnaire", "_has:QuestionnaireResponse:questionnaire:_id=one", "q1")]
    [InlineData("Questionnaire", "_has:QuestionnaireResponse:questionnaire:_id=lost", "")]
    [InlineData("QuestionnaireResponse", "questionnaire=http://q", "any lost one two")]
    [InlineData("QuestionnaireResponse", "questionnaire=http://q|1", "one")]
    public async Task A_url_leads_to_its_resource_in_every_version_unless_it_names_one(string type, string query, string ids)
    {
        await using var fixture = await NewAsync();
        var found = await fixture.AllIdsAsync(SearchFixture.Parse(type, query).Value);
        Assert.Equal(ids, string.Join(' ', found.Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("QuestionnaireResponse", "_id=one&_include=QuestionnaireResponse:questionnaire", "q1")]
    [InlineData("QuestionnaireResponse", "_id=any&_include=*", "q1 q2")]
    [InlineData("QuestionnaireResponse", "_id=any&_include=QuestionnaireResponse:questionnaire:Questionnaire", "q1 q2")]
    [InlineData("QuestionnaireResponse", "_id=lost&_include=QuestionnaireResponse:questionnaire", "")]
    [InlineData("Questionnaire", "_id=q2&_revinclude=QuestionnaireResponse:questionnaire", "any two")]
    public async Task Includes_follow_urls_both_ways(string type, string query, string ids)
    {
        await using var fixture = await NewAsync();
        var page = await fixture.SearchAsync(type, query);
        Assert.Equal(ids, string.Join(' ', page.Included.Select(version => version.Key.Id.Value).Order(StringComparer.Ordinal)));
    }

    private async Task<SearchFixture> NewAsync()
    {
        var fixture = await SearchFixture.NewAsync(cluster);
        await fixture.WriteAsync(GeneratedResources.Questionnaires());
        return fixture;
    }
}
