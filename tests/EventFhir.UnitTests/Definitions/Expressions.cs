using System.Collections.Immutable;

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

    [Fact]
    public void Of_search_parameters_lead_somewhere()
    {
        var problems = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var type in Release.R4.ResourceTypes)
            foreach (var parameter in Release.R4.SearchParametersOf(type))
            {
                if (parameter.Expression.Length == 0) continue;
                var typing = new ExpressionTyping(Release.R4, type, [type]);
                var found = typing.TypesOf(Parser.Parse(parameter.Expression), [type]);
                foreach (var component in parameter.Components) typing.TypesOf(Parser.Parse(component.Expression), found);
                problems.UnionWith(typing.Problems.Select(problem => $"{parameter.Url} on {type}: {problem}"));
            }
        Assert.True(problems.Count == 0, string.Join("\n", problems));
    }

    [Fact]
    public void Of_invariants_lead_somewhere()
    {
        var problems = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var type in Release.R4.Types)
        {
            var root = Release.R4.FindType(type.Name.Split('.')[0])!;
            foreach (var rule in type.Invariants) Collect(rule, root, [type]);
            foreach (var element in type.Elements)
                foreach (var rule in element.Invariants)
                    Collect(rule, root, [.. element.Types.Select(elementType => elementType.Type)]);
        }
        Assert.True(problems.Count == 0, string.Join("\n", problems));

        void Collect(Invariant rule, TypeDefinition root, ImmutableHashSet<TypeDefinition> context)
        {
            var typing = new ExpressionTyping(Release.R4, root.IsResource ? root : null, context);
            typing.TypesOf(Parser.Parse(rule.Expression), context);
            problems.UnionWith(typing.Problems.Select(problem => $"{rule.Key} on {string.Join(", ", context)}: {problem}"));
        }
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
