using System.Collections.Concurrent;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;
using EventFhir.Tests;

namespace EventFhir.SpecTests.Search;

/// <summary>The official examples of each release, read once.</summary>
internal static class Examples
{
    private static readonly ConcurrentDictionary<Release, IReadOnlyList<(string Name, Resource Resource)>> Known = new();

    public static IReadOnlyList<(string Name, Resource Resource)> R4 => Of(Release.R4);

    public static IReadOnlyList<(string Name, Resource Resource)> Of(Release release) => Known.GetOrAdd(release, Read);

    private static IReadOnlyList<(string Name, Resource Resource)> Read(Release release) =>
    [
        .. Directory.GetFiles(OfficialPackages.ExamplesOf(release.Name), "*-*.json")
            .Order(StringComparer.Ordinal)
            .Select(file => (Path.GetFileName(file), ResourceJsonReader.Read(File.ReadAllBytes(file), release).Resource))
            .Where(example => example.Resource is not null)
            .Select(example => (example.Item1, example.Resource!)),
    ];
}
