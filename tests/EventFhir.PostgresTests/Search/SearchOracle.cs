using System.Collections.Immutable;
using System.Text;

using EventFhir.Benchmarks.Data;
using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>The law that holds search together: SQL and SearchMatcher give the same answer to every query.</summary>
public sealed class SearchOracle(TestCluster cluster)
{
    private const int ResourceBytesMax = 40_000;

    /// <summary>EVENTFHIR_SEARCH_QUERIES makes the run longer.</summary>
    private static int Queries =>
        int.TryParse(Environment.GetEnvironmentVariable("EVENTFHIR_SEARCH_QUERIES"), out var queries) ? queries : 2_000;

    [Fact]
    public async Task Sql_and_memory_give_the_same_answers()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        var examples = Examples();
        var invented = new SyntheticPatients(seed: 7).Generate(patients: 1).Select(resource => SearchFixture.Read(resource.Body));
        var terminology = GeneratedTerminology.For(examples).ToList();
        await fixture.WriteAsync([
            .. examples, .. invented, .. GeneratedResources.Places(), .. GeneratedResources.LongStrings(), .. GeneratedResources.Subjects(),
            .. GeneratedResources.Questionnaires(), .. GeneratedResources.Hierarchies(), .. terminology]);
        var resources = await fixture.StoredAsync();
        var matcher = new SearchMatcher(Release.R4, SearchFixture.BaseUrl, resources);
        var generator = new QueryGenerator(resources, seed: 20261121);
        var differences = new StringBuilder();
        var (asked, hits) = (0, 0);
        while (asked < Queries)
        {
            var (type, text) = generator.Next();
            var parsed = SearchFixture.Parse(type, text);
            if (parsed.Refusal is { } refusal)
            {
                // By chance a chain has more steps, or a filter leads through more types, than the limit allows; or asks of one what it does not answer.
                if (refusal.Issues[0].Code is "too-costly") continue;
                if (text.Contains("_filter", StringComparison.Ordinal) && refusal.Issues[0].Code is "not-supported") continue;
                differences.AppendLine($"{type}?{text}: refused: {refusal.Issues[0].Diagnostics}");
                continue;
            }
            asked++;
            var answered = await fixture.Reader.Terminology.AnswerAsync(parsed.Value, snapshot: null, CancellationToken.None);
            if (answered.IsRefused(out var unknown))
            {
                differences.AppendLine($"{type}?{text}: refused: {unknown.Issues[0].Diagnostics}");
                continue;
            }
            var query = answered.Value;
            var expected = matcher.Search(query).Select(resource => resource.Id!).ToImmutableArray();
            var found = await fixture.AllIdsAsync(query);
            if (expected.Length > 0) hits++;
            if (query.Result.Sort.IsEmpty) (expected, found) = (expected.Sort(StringComparer.Ordinal), found.Sort(StringComparer.Ordinal));
            if (!expected.SequenceEqual(found))
                differences.AppendLine($"{type}?{Uri.UnescapeDataString(text)}\n  memory: {Some(expected)}\n  sql:    {Some(found)}");
        }
        await AskForContainedAsync(fixture, resources, matcher, terminology, differences);
        Assert.True(differences.Length == 0, differences.ToString());
        Assert.True(hits > Queries / 4, $"Only {hits} of {asked} queries found anything.");
    }

    private static async Task AskForContainedAsync(
        SearchFixture fixture, ImmutableArray<Resource> resources, SearchMatcher matcher, List<Resource> terminology, StringBuilder differences)
    {
        var contained = resources.SelectMany(Contained).Where(match => match.Resource.Id is not null).ToList();
        var generator = new QueryGenerator([.. contained.Select(match => match.Resource), .. terminology], seed: 20261121);
        var alone = new SearchMatcher(Release.R4, SearchFixture.BaseUrl, []);
        var (asked, hits) = (0, 0);
        while (asked < Queries / 10)
        {
            var (type, text) = generator.Next();
            var (scope, answer) = (asked % 2 == 0 ? "true" : "both", asked / 2 % 2 == 0 ? "container" : "contained");
            var asks = $"{text}&_contained={scope}&_containedType={answer}";
            // Chains, _has, lists and orders are refused.
            if (SearchFixture.Parse(type, asks).Refusal is not null) continue;
            asked++;
            var answered = await fixture.Reader.Terminology.AnswerAsync(SearchFixture.Parse(type, text).Value, snapshot: null, CancellationToken.None);
            if (answered.IsRefused(out _)) continue;
            var query = answered.Value;
            List<string> expected = scope == "both" ? [.. matcher.Search(query).Select(resource => $"{resource.Type.Name}/{resource.Id}")] : [];
            foreach (var (container, resource) in contained)
                if (query.Types.Any(searched => alone.Matches(searched, resource)))
                    expected.Add($"{container.Type.Name}/{container.Id}{(answer == "contained" ? $"#{resource.Id}" : "")}");
            if (answer == "container") expected = [.. expected.Distinct()];
            var (found, _) = await ContainedResources.AllAsync(fixture, asks, type);
            if (found.Length > 0) hits++;
            if (!expected.Order(StringComparer.Ordinal).SequenceEqual(found.Order(StringComparer.Ordinal)))
                differences.AppendLine($"{type}?{Uri.UnescapeDataString(asks)}\n  memory: {Some([.. expected])}\n  sql:    {Some(found)}");
        }
        Assert.True(hits > asked / 4, $"Only {hits} of {asked} queries found contained resources.");
    }

    private static IEnumerable<(Resource Container, Resource Resource)> Contained(Resource container)
    {
        var found = new List<(Resource, Resource)>();
        foreach (var element in container.Root.ChildrenNamed("contained")) found.Add((container, container.Extract(element)));
        return found;
    }

    private static string Some(ImmutableArray<string> ids) => $"{ids.Length}: {string.Join(' ', ids.Take(8))}";

    private static List<Resource> Examples()
    {
        string[] definitions = ["StructureDefinition", "SearchParameter", "OperationDefinition", "CompartmentDefinition", "ConceptMap"];
        var resources = new Dictionary<(TypeDefinition, string), Resource>();
        foreach (var file in Directory.EnumerateFiles(OfficialPackages.R4Examples, "*.json").Order(StringComparer.Ordinal))
        {
            var info = new FileInfo(file);
            if (info.Length > ResourceBytesMax || definitions.Any(name => info.Name.StartsWith(name, StringComparison.Ordinal))) continue;
            if (info.Name.StartsWith("ValueSet-", StringComparison.Ordinal) || info.Name.StartsWith("CodeSystem-", StringComparison.Ordinal))
                if (info.Length % 20 != 0) continue;
            var read = ResourceJsonReader.Read(File.ReadAllBytes(file), Release.R4);
            if (read is { Verdict: ReadVerdict.Valid, Resource: { Id: { } id } resource }) resources.TryAdd((resource.Type, id), resource);
        }
        return [.. resources.Values];
    }
}
