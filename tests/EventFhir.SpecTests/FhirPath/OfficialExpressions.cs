using EventFhir.Model.Definitions;
using EventFhir.Model.FhirPath;

using Xunit;

namespace EventFhir.SpecTests.FhirPath;

public sealed class OfficialExpressions
{
    public static TheoryData<string> Releases => [.. Release.Names];

    [Theory, MemberData(nameof(Releases))]
    public void Every_invariant_compiles(string name)
    {
        var release = Release.Find(name)!;
        var ofTypes = release.Types.SelectMany(type => type.Invariants);
        var ofElements = release.Types.SelectMany(type => type.Elements).SelectMany(element => element.Invariants);
        Assert.Equal("", Faults(ofTypes.Concat(ofElements).Select(invariant => invariant.Expression), release));
    }

    [Theory, MemberData(nameof(Releases))]
    public void Every_search_parameter_compiles(string name)
    {
        var release = Release.Find(name)!;
        var expressions = release.SearchParameters.SelectMany(parameter =>
            parameter.Components.Select(component => component.Expression).Append(parameter.Expression));
        Assert.Equal("", Faults(expressions.Where(expression => expression.Length > 0), release));
    }

    private static string Faults(IEnumerable<string> expressions, Release release) => string.Join('\n', expressions.Distinct()
        .Select(expression => FhirPathExpression.TryCompile(expression, release, out _, out var error) ? null : $"{expression}: {error}")
        .OfType<string>());
}
