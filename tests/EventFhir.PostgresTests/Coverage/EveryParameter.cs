using System.Collections.Immutable;

using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;
using EventFhir.Model.Validation;
using EventFhir.PostgresTests.Search;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.PostgresTests.Coverage;

/// <summary>
/// Every search parameter of every R4 type finds what it has to find: an official example that has a value for it, or where no example has one, a
/// resource made for it. docs/search-parameters.md is written from what this test finds; EVENTFHIR_WRITE_DOCS=1 writes it anew.
/// </summary>
public sealed class EveryParameter(TestCluster cluster)
{
    private const int ResourcesPerGroup = 100;

    private readonly FindingQuery finding = new(Release.R4);

    [Fact]
    public async Task Finds_an_example_that_has_a_value_for_it()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        var examples = Examples();
        Assert.True(examples.Count > 2_000, $"Only {examples.Count} examples are valid.");
        var covered = Cover(examples);
        foreach (var group in examples.Concat(covered.Where(line => line.IsMade).Select(line => line.Resource!)).Chunk(ResourcesPerGroup))
            await fixture.WriteAsync(group);
        var stored = (await fixture.StoredAsync()).ToLookup(resource => resource.Type);

        var wrong = new List<string>();
        foreach (var ofType in covered.GroupBy(line => line.Type))
        {
            var resources = stored[ofType.Key].ToList();
            var matcher = new SearchMatcher(Release.R4, SearchFixture.BaseUrl, resources);
            foreach (var line in ofType.Where(line => line.Resource is not null))
            {
                // lastUpdated is the server's: only the stored resource tells it.
                var query = finding.Of(line.Parameter, resources.Single(resource => resource.Id == line.Resource!.Id))!;
                if (await FaultAsync(fixture, matcher, line, query) is { } fault) wrong.Add($"{line.Type.Name}?{query}: {fault}");
            }
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong:\n{string.Join('\n', wrong)}");
        CoveragePage.Check(covered);
    }

    private static async Task<string?> FaultAsync(SearchFixture fixture, SearchMatcher matcher, CoverageLine line, string text)
    {
        var query = SearchFixture.Parse(line.Type.Name, text + "&_count=1000");
        if (query.Refusal is { } refusal) return refusal.Issues[0].Diagnostics;
        var found = (await fixture.AllIdsAsync(query.Value)).Sort(StringComparer.Ordinal);
        if (!found.Contains(line.Resource!.Id!)) return $"{line.Resource.Id} is not among the {found.Length} found";
        var expected = matcher.Search(query.Value).Select(resource => resource.Id!).Order(StringComparer.Ordinal).ToImmutableArray();
        return expected.SequenceEqual(found) ? null : $"{found.Length} found, {expected.Length} expected";
    }

    private List<CoverageLine> Cover(List<Resource> examples)
    {
        var maker = new ResourceMaker(Release.R4);
        var byType = examples.ToLookup(resource => resource.Type);
        var lines = new List<CoverageLine>();
        foreach (var type in Release.R4.ResourceTypes)
        {
            var smallFirst = byType[type].OrderBy(resource => resource.Json.Length).ToList();
            foreach (var parameter in Release.R4.SearchParametersOf(type).OrderBy(parameter => parameter.Code, StringComparer.Ordinal))
                lines.Add(Cover(type, parameter, smallFirst, maker, lines.Count));
        }
        return lines;
    }

    private CoverageLine Cover(TypeDefinition type, SearchParameterDefinition parameter, List<Resource> smallFirst, ResourceMaker maker, int number)
    {
        var line = new CoverageLine(type, parameter);
        if (!SearchDefinitions.R4.Catalog.Supports(type, parameter))
            return line with { Reason = Reason(parameter) };
        foreach (var example in smallFirst)
            if (parameter.Code == SearchCatalog.LastUpdated || finding.Of(parameter, example) is not null) return line with { Resource = example };
        var made = maker.Make(type, parameter, $"generated-{number}", smallFirst.Take(3));
        return made is not null && finding.Of(parameter, made) is not null
            ? line with { Resource = made, IsMade = true }
            : throw new InvalidOperationException($"No valid {type.Name} with a value for {parameter.Code} could be made.");
    }

    /// <summary>Why a parameter is not served.</summary>
    private static string Reason(SearchParameterDefinition parameter) => parameter.Code switch
    {
        "_query" => "not served: it names a query that a server defines, and none is defined",
        "_filter" => "a language of its own; its tests are elsewhere",
        _ when parameter.Expression.Length == 0 && parameter.Code[0] != '_' => "not served: the specification gives no expression",
        "_content" => "off by default",
        _ => "not served yet",
    };

    private static List<Resource> Examples()
    {
        var resources = new Dictionary<(TypeDefinition, string), Resource>();
        foreach (var file in Directory.EnumerateFiles(OfficialPackages.R4Examples, "*.json").Order(StringComparer.Ordinal))
        {
            var read = ResourceJsonReader.Read(File.ReadAllBytes(file), Release.R4);
            if (read is { Verdict: ReadVerdict.Valid, Resource: { Id: { } id } resource }) resources.TryAdd((resource.Type, id), resource);
        }
        return [.. resources.Values];
    }
}

/// <summary>How one parameter of one type is covered.</summary>
/// <param name="Resource">What the query has to find; null if there is a reason why nothing is asked.</param>
internal sealed record CoverageLine(TypeDefinition Type, SearchParameterDefinition Parameter)
{
    public Resource? Resource { get; init; }
    public bool IsMade { get; init; }
    public string? Reason { get; init; }
}
