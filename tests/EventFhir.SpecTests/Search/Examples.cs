using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;
using EventFhir.Tests;

namespace EventFhir.SpecTests.Search;

/// <summary>The official R4 examples, read once.</summary>
internal static class Examples
{
    private static readonly Lazy<IReadOnlyList<(string Name, Resource Resource)>> LazyR4 = new(Read);

    public static IReadOnlyList<(string Name, Resource Resource)> R4 => LazyR4.Value;

    private static IReadOnlyList<(string Name, Resource Resource)> Read() =>
    [
        .. Directory.GetFiles(OfficialPackages.R4Examples, "*-*.json")
            .Order(StringComparer.Ordinal)
            .Select(file => (Path.GetFileName(file), ResourceJsonReader.Read(File.ReadAllBytes(file), Release.R4).Resource))
            .Where(example => example.Resource is not null)
            .Select(example => (example.Item1, example.Resource!)),
    ];
}
