using EventFhir.Model.Definitions;
using EventFhir.Model.FhirPath;

using Xunit;

namespace EventFhir.UnitTests.Definitions;

/// <summary>Whatever the tables call an expression is FHIRPath.</summary>
public sealed class Expressions
{
    public static TheoryData<string> Releases => ["R4", "R5"];

    [Theory]
    [MemberData(nameof(Releases))]
    public void Of_search_parameters_parse(string release) =>
        RequireToParse(ReleaseOf(release).SearchParameters.SelectMany(parameter => parameter.Components
            .Select(component => (parameter.Url, component.Expression))
            .Append((parameter.Url, parameter.Expression))));

    [Theory]
    [MemberData(nameof(Releases))]
    public void Of_invariants_parse(string release)
    {
        var types = ReleaseOf(release).Types;
        var rules = types.SelectMany(type => type.Invariants.Concat(type.Elements.SelectMany(element => element.Invariants)));
        RequireToParse(rules.Distinct().Select(rule => (rule.Key, rule.Expression)));
    }

    private static void RequireToParse(IEnumerable<(string Source, string Expression)> expressions)
    {
        var broken = new List<string>();
        foreach (var (source, expression) in expressions)
        {
            if (expression.Length == 0) continue;
            try
            {
                Parser.Parse(expression);
            }
            catch (FhirPathException error)
            {
                broken.Add($"{source}: {error.Message}: {expression}");
            }
        }
        Assert.Empty(broken);
    }

    private static Release ReleaseOf(string name) => name == "R4" ? Release.R4 : Release.R5;
}
