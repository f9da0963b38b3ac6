using System.Collections.Concurrent;
using System.Text;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.FhirPath;
using EventFhir.Model.Json;

using Xunit;

namespace EventFhir.SpecTests.Search;

/// <summary>
/// The law of index extraction: what the compiled paths find is what the FHIRPath engine finds, for every parameter on every official example.
/// </summary>
public sealed class CompiledExpressions
{
    private static readonly ConcurrentDictionary<(Release, string), Element> Stubs = new();

    private readonly Dictionary<string, FhirPathExpression> engine = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> differences = new(StringComparer.Ordinal);

    [Theory]
    [InlineData("R4")]
    [InlineData("R4B")]
    [InlineData("R5")]
    public void Find_what_the_engine_finds(string release)
    {
        var definitions = SearchDefinitions.Of(Release.Find(release)!);
        foreach (var (name, resource) in Examples.Of(definitions.Release))
        {
            foreach (var placement in definitions.LayoutOf(resource.Type).Placements)
            {
                Compare(name, placement.Parameter.Code, placement.Expression, resource.Root);
                if (placement is ParameterPlacement.Composite composite) CompareParts(name, composite, resource.Root);
            }
        }
        Assert.True(differences.Count == 0, string.Join('\n', differences.Select(difference => $"{difference.Key}: {difference.Value}")));
    }

    [Theory]
    [InlineData("R4", "Patient.deceased")]
    [InlineData("R4B", "Patient.deceased")]
    [InlineData("R5", "Appointment.date", "Patient.deceased", "Person.deceased", "Practitioner.deceased")]
    public void Hardly_any_expression_is_left_to_the_engine(string release, params string[] left)
    {
        var definitions = SearchDefinitions.Of(Release.Find(release)!);
        var fallbacks = from type in definitions.Release.ResourceTypes
                        from placement in definitions.LayoutOf(type).Placements
                        where placement.Expression is { IsCompiled: false, Text.Length: > 0 }
                        select $"{type.Name}.{placement.Parameter.Code}";
        Assert.Equal(left, fallbacks);
    }

    private void CompareParts(string name, ParameterPlacement.Composite composite, Element root)
    {
        foreach (var context in Compiled(composite.Expression, root))
            foreach (var part in composite.Parts)
                Compare(name, $"{composite.Parameter.Code}: {part.Expression}", part.Compiled, context);
    }

    private void Compare(string name, string code, SearchExpression expression, Element context)
    {
        if (!expression.IsCompiled) return;
        var compiled = Compiled(expression, context);
        if (!engine.TryGetValue(expression.Text, out var reference))
            engine[expression.Text] = reference = FhirPathExpression.Compile(expression.Text, context.Resource.Release);
        var outcome = reference.Evaluate(context, new EvaluationContext { Resolver = reference => Stub(context.Resource.Release, reference) });
        var expected = outcome.Values.Where(value => value.Kind is FhirPathKind.Element).Select(value => value.Element).ToHashSet();
        // A union in FHIRPath leaves out what is equal to another item; the index leaves out equal entries later.
        if (outcome.Error is null && expected.IsSubsetOf(compiled)
            && compiled.All(value => IsByTypeAlone(value) || expected.Any(other => SameContent(value, other)))) return;
        var key = $"{context.Resource.Type.Name}.{code}";
        differences.TryAdd(key, $"{name}: {expression.Text} gave [{Paths(compiled)}], the engine [{Paths(expected)}] {outcome.Error}");
    }

    /// <summary>A reference by identifier says what it points to by its type, where resolve() has nothing to go by.</summary>
    private static bool IsByTypeAlone(Element value) => value.FirstChild("reference") is null && value.FirstChild("type") is not null && value.FirstChild("identifier") is not null;

    private static HashSet<Element> Compiled(SearchExpression expression, Element context)
    {
        List<Element> values = [];
        foreach (var path in expression.Paths) PathWalk.Collect(path, context, values);
        return [.. values];
    }

    private static bool SameContent(Element one, Element other) =>
        one == other || (one.Type == other.Type && SameText(one, other) && SameChildren(one, other));

    private static bool SameText(Element one, Element other) =>
        one.RawValue.SequenceEqual(other.RawValue)
        || (one.Type.Primitive is PrimitiveKind.Decimal && one.TryNumber(out var number) && other.TryNumber(out var same) && number == same);

    private static bool SameChildren(Element one, Element other)
    {
        List<Element> mine = [], theirs = [];
        foreach (var child in one.Children) mine.Add(child);
        foreach (var child in other.Children) theirs.Add(child);
        return mine.Count == theirs.Count && mine.Zip(theirs).All(pair => SameContent(pair.First, pair.Second));
    }

    private static string Paths(IEnumerable<Element> elements) => string.Join(' ', elements.Select(element => element.Path));

    /// <summary>Stands for what a reference points to: a resource of the right type.</summary>
    private static Element? Stub(Release release, string reference)
    {
        var parts = reference.Split("/_history/")[0].Split('/');
        return parts.Length >= 2 && release.FindResourceType(parts[^2]) is { } type
            ? Stubs.GetOrAdd((release, type.Name), _ => ResourceJsonReader.Read(
                Encoding.UTF8.GetBytes($$"""{"resourceType":"{{type.Name}}"}"""), release).Resource!.Root)
            : null;
    }
}
