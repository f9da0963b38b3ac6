using System.Collections.Immutable;
using System.Text;

using EventFhir.Core;
using EventFhir.Core.Conditions;
using EventFhir.Core.Events;
using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Postgres;
using EventFhir.Postgres.Conditions;
using EventFhir.Postgres.Parameters;
using EventFhir.Tests;

using Npgsql;

using Xunit;

namespace EventFhir.PostgresTests.Conditions;

/// <summary>Groups that depend on what criteria find, by one node and by two.</summary>
public sealed class WritingByCriteria(TestCluster cluster)
{
    private static readonly TypeDefinition Patient = Release.R4.FindResourceType("Patient")!;
    private static readonly IndexExtractor Extractor = new(SearchDefinitions.R4, new Uri("http://here/fhir"));

    [Fact]
    public async Task What_is_created_between_the_search_and_the_write_is_seen()
    {
        await using var node = await Node.NewAsync(await cluster.NewDatabaseAsync());
        var seen = new List<int>();
        var written = await node.WriteAsync(["1"], found =>
        {
            seen.Add(found.OfEach[0].Length);
            // Somebody who does not care about criteria.
            if (seen.Count == 1) node.CreateAsync("1").GetAwaiter().GetResult();
            return found.OfEach[0].IsEmpty ? Group([Create("1")]) : Group([]);
        });
        Assert.Equal([0, 1], seen);
        Assert.Empty(written.Outcomes);
        Assert.Equal(1, await node.CountAsync());
    }

    [Fact]
    public async Task What_changes_a_match_leads_to_another_search()
    {
        await using var node = await Node.NewAsync(await cluster.NewDatabaseAsync());
        await node.CreateAsync("1");
        var versions = new List<long>();
        var written = await node.WriteAsync(["1"], found =>
        {
            var match = found.OfEach[0].Single();
            versions.Add(match.Version);
            if (versions.Count == 1) node.WriteAsync(Put(match.Key, "1", "changed")).GetAwaiter().GetResult();
            return Group([Put(match.Key, "1", "mine") with { Precondition = new Precondition.StillAt(match.Version) }]);
        });
        Assert.Equal([1L, 2L], versions);
        Assert.Equal(3, Assert.IsType<WriteOutcome.Appended>(written.Outcomes[0]).Version);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(300)]
    public async Task Groups_with_overlapping_criteria_on_two_nodes_create_each_resource_once(int size)
    {
        var connection = await cluster.NewDatabaseAsync();
        await using var one = await Node.NewAsync(connection);
        await using var other = await Node.NewAsync(connection);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(place => (place % 2 == 0 ? one : other).WriteAsync(
            [.. Enumerable.Range(place * size / 4, size).Reverse().Select(number => $"{number}")],
            found => Group([.. found.OfEach.Select((matches, n) => (matches, n)).Where(pair => pair.matches.IsEmpty)
                .Select(pair => Create($"{(place * size / 4) + size - 1 - pair.n}"))]))));
        Assert.Equal(size * 11 / 4, await one.CountAsync());
        Assert.Equal(size * 11 / 4, await one.CountAsync(distinct: "distinct hash"));
    }

    [Fact]
    public async Task A_lock_that_another_node_has_is_waited_for_outside_the_database()
    {
        await using var node = await Node.NewAsync(await cluster.NewDatabaseAsync());
        await using var other = new NpgsqlConnection(node.Connection);
        await other.OpenAsync();
        await using var locks = new NpgsqlCommand("select pg_advisory_lock(1668247140, l) from generate_series(0, 4095) l", other);
        await locks.ExecuteNonQueryAsync();
        var planned = 0;
        var writing = node.WriteAsync(["1"], _ =>
        {
            planned++;
            return Group([Create("1")]);
        });
        // Meanwhile others write.
        while (planned < 3) await node.CreateAsync($"other {planned}");
        Assert.False(writing.IsCompleted);
        await other.CloseAsync();
        NpgsqlConnection.ClearPool(other);
        Assert.IsType<WriteOutcome.Appended>((await writing).Outcomes[0]);
    }

    private static WriteGroup Group(ImmutableArray<WriteCommand> commands) => new(commands, Provenance.None);

    private static WriteCommand Create(string number) => Put(new ResourceKey(Patient, ResourceId.New(DateTimeOffset.UtcNow)), number, "Meier") with
    {
        Kind = WriteKind.Create,
    };

    private static WriteCommand Put(ResourceKey key, string number, string family)
    {
        var json = $$"""{"resourceType":"Patient","identifier":[{"system":"urn:n","value":"{{number}}"}],"name":[{"family":"{{family}}"}]}""";
        var resource = ResourceJsonReader.Read(Encoding.UTF8.GetBytes(json), Release.R4).Resource!;
        return new WriteCommand(
            WriteKind.Update, key, new ResourceContent(BodyTemplate.Of(resource, key.Id), Extractor.Extract(resource)), Precondition.None);
    }

    private sealed class Node(EventDatabase database, ResourceStore store, ParameterRegistry registry) : IAsyncDisposable
    {
        private readonly ConditionalStore conditionals = new(database, store, registry);

        public string Connection => database.ConnectionString;

        public static async Task<Node> NewAsync(string connection)
        {
            var database = new EventDatabase(connection);
            await database.Migrator.ApplyAsync(CancellationToken.None);
            var registry = new ParameterRegistry(database, new ActiveDefinitions(SearchDefinitions.R4, baseUrl: null));
            return new Node(database, new ResourceStore(database, registry), registry);
        }

        public async Task<ConditionalOutcome> WriteAsync(string[] numbers, Func<CriteriaMatches, Outcome<WriteGroup>> plan)
        {
            ImmutableArray<CriteriaText> criteria =
                [.. numbers.Select(number => new CriteriaText(Patient, [new QueryParameter("identifier", $"urn:n|{number}")]))];
            while (true)
            {
                var written = (await conditionals.WriteAsync(new ConditionalWrite(criteria, "http://here/fhir", DateTimeOffset.UtcNow, 2, plan), default)).Value;
                // After 20 seconds the caller is asked to try again, and on a slow machine rivals may take them up.
                if (!written.Outcomes.Any(outcome => outcome is WriteOutcome.Refused refused && refused.Refusal == WriteRefusals.Superseded)) return written;
            }
        }

        public Task WriteAsync(WriteCommand command) => store.WriteAsync(Group([command]), default);

        public Task CreateAsync(string number) => WriteAsync(Create(number));

        public async Task<int> CountAsync(string distinct = "*")
        {
            await using var connection = new NpgsqlConnection(Connection);
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand($"select count({distinct})::int from fhir.ident_patient", connection);
            return (int)(await command.ExecuteScalarAsync())! / 2;
        }

        public async ValueTask DisposeAsync()
        {
            await store.DisposeAsync();
            registry.Dispose();
            await database.DisposeAsync();
        }
    }
}
