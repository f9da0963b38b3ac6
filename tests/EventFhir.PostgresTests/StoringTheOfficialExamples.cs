using System.Collections.Immutable;
using System.Diagnostics;

using EventFhir.Core.Events;
using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Postgres;
using EventFhir.Postgres.Replay;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.PostgresTests;

/// <summary>Every official R4 example that is valid, through extraction, storage, verification and rebuild.</summary>
public sealed class StoringTheOfficialExamples(TestCluster cluster)
{
    private static readonly IndexExtractor Extractor = new(SearchDefinitions.R4, baseUrl: null);

    private static readonly ReplayRules Rules = new(
        Release.R4, SearchDefinitions.R4.LayoutOf, static (_, body) => Extractor.Extract(ResourceJsonReader.Read(body, Release.R4).Resource!));

    [Fact]
    public async Task They_are_stored_found_clean_and_rebuilt()
    {
        await using var database = new EventDatabase(await cluster.NewDatabaseAsync());
        await database.Migrator.ApplyAsync(default);
        await using var store = new ResourceStore(database, Release.R4, SearchDefinitions.R4.LayoutOf);
        var commands = Examples().DistinctBy(command => command.Key).ToList();
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

    private static IEnumerable<WriteCommand> Examples()
    {
        foreach (var path in Directory.EnumerateFiles(Package(), "*.json").Order(StringComparer.Ordinal))
        {
            var read = ResourceJsonReader.Read(File.ReadAllBytes(path), Release.R4);
            if (read.Verdict is not ReadVerdict.Valid || read.Resource is not { Id: { } text } resource) continue;
            if (!ResourceId.TryParse(text, out var id)) continue;
            yield return new WriteCommand(
                WriteKind.Update, new ResourceKey(resource.Type, id),
                new ResourceContent(BodyTemplate.Of(resource, id), Extractor.Extract(resource)), Precondition.None);
        }
    }

    private static string Package()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "EventFhir.sln")))
            root = root.Parent ?? throw new InvalidOperationException("The tests run outside a checkout of EventFhir.");
        var package = Path.Combine(root.FullName, ".cache/npm/hl7.fhir.r4.examples-4.0.1/package");
        if (Directory.Exists(package)) return package;
        using var fetch = Process.Start(Path.Combine(root.FullName, "eng/packages"), "hl7.fhir.r4.examples");
        fetch.WaitForExit();
        return package;
    }
}
