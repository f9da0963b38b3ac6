using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;
using EventFhir.Model.Validation;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.SpecTests.Mutations;

/// <summary>Damages official examples in every known way: each must be refused, with an issue that names the place of the damage.</summary>
public sealed class MutatedExamples
{
    private const int PerKind = 60;
    private const int Seed = 20261121;
    private const int ExampleBytesMax = 40_000;
    private readonly List<Resource> examples = [];

    public MutatedExamples()
    {
        var definitions = 0;
        foreach (var file in Directory.GetFiles(OfficialPackages.R4Examples, "*-*.json").Order(StringComparer.Ordinal))
        {
            // The definitions are most of the package and much alike; one in forty is enough.
            if (new FileInfo(file).Length > ExampleBytesMax || (IsDefinition(file) && ++definitions % 40 != 0)) continue;
            var result = ResourceJsonReader.Read(File.ReadAllBytes(file), Release.R4);
            if (result is { Verdict: ReadVerdict.Valid, Resource: { } resource } && ResourceValidator.Validate(resource).IsEmpty)
                examples.Add(resource);
        }
    }

    [Fact]
    public void Are_refused_with_the_place_of_the_damage()
    {
        var random = new Random(Seed);
        var accepted = new List<string>();
        var (made, kinds) = (0, 0);
        foreach (var damage in Damages.All)
        {
            var ofKind = 0;
            foreach (var example in Shuffled(random))
            {
                if (Pick(example, damage, random) is not { } element) continue;
                var mutation = damage.Mutate(element);
                var found = Issues(mutation.ApplyTo(example.Json));
                if (!found.Any(issue => issue.IsError && issue.Expression == mutation.Expression))
                    accepted.Add($"{damage.Name}: {example.Type.Name}/{example.Id}: expected {mutation.Expression}, found {Summary(found)}");
                if (++ofKind == PerKind) break;
            }
            Assert.True(ofKind > 0, $"No example can be damaged by \"{damage.Name}\".");
            made += ofKind;
            kinds++;
        }
        Assert.True(accepted.Count == 0, $"{accepted.Count} of {made}\n{string.Join('\n', accepted.Take(40))}");
        Assert.True(made >= 2_000, $"Only {made} were made.");
        Assert.True(kinds >= 20, $"Only {kinds} kinds.");
    }

    private IEnumerable<Resource> Shuffled(Random random)
    {
        var order = examples.ToArray();
        random.Shuffle(order);
        return order;
    }

    private static Element? Pick(Resource example, Damage damage, Random random)
    {
        var fitting = new List<Element>();
        for (var index = 0; index < example.Count; index++)
            if (damage.Fits(new Element(example, index))) fitting.Add(new Element(example, index));
        return fitting.Count == 0 ? null : fitting[random.Next(fitting.Count)];
    }

    private static IReadOnlyList<Issue> Issues(byte[] json)
    {
        var result = ResourceJsonReader.Read(json, Release.R4);
        return result is { Verdict: ReadVerdict.Valid, Resource: { } resource } ? ResourceValidator.Validate(resource) : result.Issues;
    }

    private static string Summary(IReadOnlyList<Issue> issues) =>
        string.Join("; ", issues.Take(3).Select(issue => $"{issue.Expression} {issue.Diagnostics}"));

    private static bool IsDefinition(string file) =>
        Path.GetFileName(file).Split('-')[0]
            is "StructureDefinition" or "SearchParameter" or "ValueSet" or "CodeSystem" or "ConceptMap" or "OperationDefinition";
}
