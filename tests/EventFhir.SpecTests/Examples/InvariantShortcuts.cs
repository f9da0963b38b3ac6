using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.FhirPath;
using EventFhir.Model.Json;
using EventFhir.Model.Validation;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.SpecTests.Examples;

/// <summary>What is not evaluated would have been true: shown on every element of the examples.</summary>
public sealed class InvariantShortcuts
{
    private const int ExampleBytesMax = 100_000;

    /// <summary>htmlChecks() is the reader's own check, so the expression cannot be asked; "#" alone is explained at the shortcut.</summary>
    private static readonly string[] NotComparable = ["txt-1", "txt-2"];

    private readonly Dictionary<string, FhirPathExpression> compiled = [];

    [Theory]
    [InlineData("R4")]
    [InlineData("R5")]
    public void Change_no_answer(string name)
    {
        var release = Release.Find(name)!;
        var (compared, wrong) = (0, new List<string>());
        foreach (var file in Directory.GetFiles(OfficialPackages.ExamplesOf(name), "*-*.json"))
        {
            if (new FileInfo(file).Length > ExampleBytesMax) continue;
            var result = ResourceJsonReader.Read(File.ReadAllBytes(file), release);
            if (result is not { Verdict: ReadVerdict.Valid, Resource: { } resource }) continue;
            for (var index = 0; index < resource.Count; index++) Compare(new Element(resource, index), ref compared, wrong);
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(20)));
        Assert.True(compared > 20_000, $"Only {compared} answers were compared.");
    }

    private void Compare(Element element, ref int compared, List<string> wrong)
    {
        foreach (var invariant in element.Type.Invariants.Concat(element.Definition?.Invariants ?? []))
        {
            var shortcut = InvariantShortcut.Of(invariant);
            var isSkipped = invariant.IsStructural || (shortcut is not null && !shortcut.Applies(element));
            if (!isSkipped || invariant.Key == "ele-1" || NotComparable.Contains(invariant.Key)) continue;
            if (!compiled.TryGetValue(invariant.Expression, out var expression))
                compiled[invariant.Expression] = expression = FhirPathExpression.Compile(invariant.Expression, element.Resource.Release);
            compared++;
            if (!expression.IsTrue(element, EvaluationContext.Default))
                wrong.Add($"{invariant.Key} on {element.Path} of {element.Resource.Type.Name}/{element.Resource.Id}");
        }
    }
}
