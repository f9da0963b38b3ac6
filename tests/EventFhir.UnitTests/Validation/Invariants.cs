using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Model.Validation;

using Xunit;

namespace EventFhir.UnitTests.Validation;

public sealed class Invariants
{
    [Theory]
    [InlineData("""{"resourceType":"Patient","contact":[{"relationship":[{"text":"x"}]}]}""", "pat-1", "Patient.contact[0]")]
    [InlineData("""{"resourceType":"Patient","contained":[{"resourceType":"Basic","id":"b","code":{"text":"x"}}]}""", "dom-3", "Patient")]
    [InlineData("""{"resourceType":"Patient","managingOrganization":{"reference":"#o"}}""", "ref-1", "Patient.managingOrganization")]
    [InlineData("""{"resourceType":"Organization","telecom":[{"system":"url","value":"x","use":"home"}],"name":"x"}""",
        "org-3", "Organization.telecom[0]")]
    [InlineData("""{"resourceType":"Organization"}""", "org-1", "Organization")]
    public void Broken_ones_are_named_with_their_place(string json, string key, string expression)
    {
        var issue = Assert.Single(Validate(json, InvariantWarnings.LeaveOut));
        Assert.Equal(("invariant", expression, IssueSeverity.Error), (issue.Code, issue.Expression, issue.Severity));
        Assert.StartsWith(key + ": ", issue.Diagnostics, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"resourceType":"Patient","managingOrganization":{"reference":"#o"},"contained":"""
        + """ [{"resourceType":"Organization","id":"o","name":"x"}]}""")]
    [InlineData("""{"resourceType":"Patient","contained":[{"resourceType":"Basic","id":"b","code":{"text":"x"},"subject":{"reference":"#"}}]}""")]
    [InlineData("""{"resourceType":"Patient","_birthDate":{"extension":[{"url":"http://x","valueUri":"#b"}]},"contained":"""
        + """ [{"resourceType":"Basic","id":"b","code":{"text":"x"}}]}""")]
    public void Contained_resources_may_be_used_in_several_ways(string json) => Assert.Empty(Validate(json, InvariantWarnings.LeaveOut));

    [Fact]
    public void Advice_is_given_only_when_asked_for()
    {
        const string Json = """{"resourceType":"Patient","active":true}""";
        Assert.Empty(Validate(Json, InvariantWarnings.LeaveOut));
        var issue = Assert.Single(Validate(Json, InvariantWarnings.Report));
        Assert.Equal(IssueSeverity.Warning, issue.Severity);
        Assert.StartsWith("dom-6: ", issue.Diagnostics, StringComparison.Ordinal);
    }

    private static IReadOnlyList<Issue> Validate(string json, InvariantWarnings warnings)
    {
        var result = ResourceJsonReader.Read(Encoding.UTF8.GetBytes(json), Release.R4);
        Assert.Empty(result.Issues);
        return ResourceValidator.Validate(result.Resource!, warnings);
    }
}
