using EventFhir.Core.Events;
using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Postgres;
using EventFhir.Postgres.Reading;
using EventFhir.Postgres.Replay;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.PostgresTests;

/// <summary>Every official example that is valid, through extraction, storage, verification and rebuild; and read back.</summary>
public sealed class StoringTheOfficialExamples(TestCluster cluster)
{
    private static readonly IndexExtractor Extractor = new(SearchDefinitions.R4, baseUrl: null);

    private static readonly ReplayRules Rules = RulesOf(SearchDefinitions.R4, Extractor);

    [Fact]
    public async Task They_are_stored_found_clean_and_rebuilt()
    {
        await using var database = new EventDatabase(await cluster.NewDatabaseAsync());
        await database.Migrator.ApplyAsync(default);
        await using var store = new ResourceStore(database, Release.R4, SearchDefinitions.R4.LayoutOf);
        var commands = Examples(SearchDefinitions.R4, Extractor, OfficialPackages.R4Examples).DistinctBy(command => command.Key).ToList();
        Assert.True(commands.Count > 2_000, $"Only {commands.Count} examples are valid.");
        await Parallel.ForEachAsync(commands.Chunk(100), async (chunk, stop) =>
        {
            var outcomes = await store.WriteAsync(new WriteGroup([.. chunk], Provenance.None), stop);
            Assert.All(outcomes, outcome => Assert.IsType<WriteOutcome.Appended>(outcome));
        });
        Assert.Empty((await new Verification(database, Rules).RunAsync(null, default)).Differences);
        Assert.Equal(commands.Count, (await new Rebuild(database, Rules).RunAsync(null, default)).Resources);
        var report = await new Verification(database, Rules).RunAsync(null, default);
        Assert.Empty(report.Differences);
        Assert.Equal(commands.Count, report.Resources);
    }

    /// <summary>The tables of R4B are much like those of R4, so a fourth of its examples says enough.</summary>
    [Theory]
    [InlineData("R4B", 4)]
    [InlineData("R5", 1)]
    public async Task Those_of_other_releases_too_and_read_as_they_were_stored(string name, int step)
    {
        var definitions = SearchDefinitions.Of(Release.Find(name)!);
        var extractor = new IndexExtractor(definitions, baseUrl: null);
        await using var database = new EventDatabase(await cluster.NewDatabaseAsync());
        await database.Migrator.ApplyAsync(default);
        await using var store = new ResourceStore(database, definitions.Release, definitions.LayoutOf);
        var commands = Examples(definitions, extractor, OfficialPackages.ExamplesOf(name))
            .DistinctBy(command => command.Key).Where((_, place) => place % step == 0).ToList();
        Assert.True(commands.Count > 2_500 / step, $"Only {commands.Count} examples are valid.");
        await Parallel.ForEachAsync(commands.Chunk(100), async (chunk, stop) =>
        {
            var outcomes = await store.WriteAsync(new WriteGroup([.. chunk], Provenance.None), stop);
            Assert.All(outcomes, outcome => Assert.IsType<WriteOutcome.Appended>(outcome));
        });
        Assert.Empty((await new Verification(database, RulesOf(definitions, extractor)).RunAsync(null, default)).Differences);
        var reader = new ResourceReader(database);
        await Parallel.ForEachAsync(commands, async (command, stop) =>
        {
            var (body, stored) = (command.Content!.Body, await reader.ReadAsync(command.Key, stop));
            Assert.True(stored!.Body.Span.StartsWith(body.Head.Span) && stored.Body.Span.EndsWith(body.Tail.Span), command.Key.ToString());
        });
    }

    private static ReplayRules RulesOf(SearchDefinitions definitions, IndexExtractor extractor) => new(
        definitions.Release, definitions.LayoutOf, (_, body) => extractor.Extract(ResourceJsonReader.Read(body, definitions.Release).Resource!));

    private static IEnumerable<WriteCommand> Examples(SearchDefinitions definitions, IndexExtractor extractor, string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
        {
            var read = ResourceJsonReader.Read(File.ReadAllBytes(path), definitions.Release);
            if (read.Verdict is not ReadVerdict.Valid || read.Resource is not { Id: { } text } resource) continue;
            if (!ResourceId.TryParse(text, out var id)) continue;
            yield return new WriteCommand(
                WriteKind.Update, new ResourceKey(resource.Type, id),
                new ResourceContent(BodyTemplate.Of(resource, id), extractor.Extract(resource)), Precondition.None);
        }
    }
}
