using System.Collections.Immutable;

using EventFhir.Core.Events;
using EventFhir.Core.Search;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;
using EventFhir.Postgres;
using EventFhir.Postgres.Parameters;
using EventFhir.Postgres.Replay;
using EventFhir.Postgres.Search;
using EventFhir.Tests;

using Npgsql;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>Custom search parameters on several nodes of one database, with writers that know nothing of them (decision 7).</summary>
public sealed class CustomParameters(TestCluster cluster)
{
    private const string Family = "Patient.contact.name.family";
    private const string Given = "Patient.contact.name.given";

    [Fact]
    public async Task Answers_are_those_of_the_matcher_whatever_was_written_while_the_parameter_was_indexed()
    {
        await using var one = await Node.NewAsync(cluster);
        await using var other = await Node.JoinAsync(one);
        await Task.WhenAll(Enumerable.Range(0, 1_200).Chunk(300).Select(ids => one.WriteAsync([.. ids.Select(id => Patient(id, $"Ohm{id % 7}"))])));
        await one.WriteAsync([Definition(Family)]);
        await one.Registry.RefreshAsync(default);
        Assert.NotNull(one.Definitions.FindUnderway(Node.PatientType, "kin"));

        // The other node is never told: its writes are turned back until it has looked.
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 4).Select(number => Task.Run(() => ChangeAsync(number % 2 == 0 ? one : other, number, stop.Token))).ToList();
        Assert.Equal(StepOutcome.Worked, await one.Walk.StepAsync(default));
        Assert.Empty((await one.VerifyAsync()).Differences);
        while (await other.Walk.StepAsync(default) is not StepOutcome.Idle || await one.Walk.StepAsync(default) is not StepOutcome.Idle)
            await other.Registry.ReloadAsync(default);
        await stop.CancelAsync();
        await Task.WhenAll(writers);

        await one.Registry.ReloadAsync(default);
        await other.Registry.ReloadAsync(default);
        Assert.Empty((await one.VerifyAsync()).Differences);
        foreach (var name in Enumerable.Range(0, 7).Select(number => $"ohm{number}").Append("volt"))
            Assert.Equal(await one.MatchAsync($"kin={name}"), await other.SearchAsync($"kin={name}"));
    }

    [Fact]
    public async Task A_node_that_ends_half_way_leaves_the_rest_to_the_next()
    {
        await using var one = await Node.NewAsync(cluster);
        await one.WriteAsync([.. Enumerable.Range(0, 600).Select(id => Patient(id, "Ohm"))]);
        await one.WriteAsync([Definition(Family)]);
        await one.Registry.RefreshAsync(default);
        Assert.Equal(StepOutcome.Worked, await one.Walk.StepAsync(default));

        await using var next = await Node.JoinAsync(one);
        await next.Registry.RefreshAsync(default);
        Assert.Equal(500, next.Definitions.FindUnderway(Node.PatientType, "kin")!.Progress.Done);
        await next.FinishAsync();
        Assert.Equal(600, (await next.SearchAsync("kin=ohm")).Length);
    }

    [Fact]
    public async Task Nothing_of_a_dropped_definition_is_found_by_the_next_one_and_no_search_sees_it_go()
    {
        await using var one = await Node.NewAsync(cluster);
        await using var other = await Node.JoinAsync(one);
        await one.WriteAsync([.. Enumerable.Range(0, 700).Select(id => Patient(id, "Ohm", "Georg"))]);
        await one.WriteAsync([Definition(Family)]);
        await one.FinishAsync();
        await other.Registry.RefreshAsync(default);
        Assert.Equal(700, (await other.SearchAsync("kin=ohm")).Length);

        await one.WriteAsync([Definition(Given)]);
        await one.Registry.RefreshAsync(default);
        // The other node still believes it to be usable, and must not answer from rows that may be going.
        var stale = await other.Reader.ReadAsync(other.Parse("kin=ohm"), null, default);
        Assert.Same(SearchReader.Stale, stale.Refusal);
        Assert.Equal(StepOutcome.Worked, await one.Walk.StepAsync(default));
        Assert.Empty((await one.VerifyAsync()).Differences);
        await one.FinishAsync();
        Assert.Empty((await one.VerifyAsync()).Differences);
        Assert.Empty(await one.SearchAsync("kin=ohm"));
        Assert.Equal(700, (await one.SearchAsync("kin=georg")).Length);
        Assert.Equal(700, await one.CountAsync("select count(*) from fhir.str_patient where normalized = 'georg'"));
    }

    [Fact]
    public async Task A_rebuild_completes_what_is_being_indexed()
    {
        await using var one = await Node.NewAsync(cluster);
        await one.WriteAsync([.. Enumerable.Range(0, 600).Select(id => Patient(id, "Ohm"))]);
        await one.WriteAsync([Definition(Family)]);
        await one.Registry.RefreshAsync(default);
        await one.Walk.StepAsync(default);
        await new Rebuild(one.Database, one.Registry.Rules).RunAsync(null, default);
        await one.Registry.ReloadAsync(default);
        Assert.Equal(600, (await one.SearchAsync("kin=ohm")).Length);
        Assert.Empty((await one.VerifyAsync()).Differences);
    }

    private static async Task ChangeAsync(Node node, int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        while (!stop.IsCancellationRequested)
            await node.WriteAsync([Patient(random.Next(1_400), random.Next(3) == 0 ? "Volt" : $"Ohm{random.Next(7)}")]);
    }

    private static Resource Patient(int id, string family, string given = "X") => SearchFixture.Read(
        $$$"""{"resourceType":"Patient","id":"p{{{id}}}","contact":[{"name":{"family":"{{{family}}}","given":["{{{given}}}"]}}]}""");

    private static Resource Definition(string expression) => SearchFixture.Read($$"""
        {"resourceType":"SearchParameter","id":"kin","url":"http://example.org/kin","name":"Kin","status":"active","description":"x","code":"kin",
         "base":["Patient"],"type":"string","expression":"{{expression}}"}
        """);

    /// <summary>What a server has of this, without the server.</summary>
    private sealed class Node : IAsyncDisposable
    {
        public static readonly TypeDefinition PatientType = Release.R4.FindResourceType("Patient")!;
        private readonly ResourceStore store;

        private Node(EventDatabase database)
        {
            Database = database;
            Registry = new ParameterRegistry(database, new ActiveDefinitions(SearchDefinitions.R4, new Uri(SearchFixture.BaseUrl)));
            Walk = new ParameterWalk(database, Registry);
            Reader = new SearchReader(database, Release.R4);
            store = new ResourceStore(database, Registry);
        }

        public EventDatabase Database { get; }
        public ParameterRegistry Registry { get; }
        public ParameterWalk Walk { get; }
        public SearchReader Reader { get; }
        public SearchDefinitions Definitions => Registry.Active.Current;

        public static async Task<Node> NewAsync(TestCluster cluster)
        {
            var database = new EventDatabase(await cluster.NewDatabaseAsync());
            await database.Migrator.ApplyAsync(default);
            return await ReadyAsync(database);
        }

        public static Task<Node> JoinAsync(Node other) => ReadyAsync(new EventDatabase(other.Database.ConnectionString));

        public async Task WriteAsync(ImmutableArray<Resource> resources)
        {
            var outcomes = await store.WriteAsync(new WriteGroup([.. resources.Select(Put)], Provenance.None), default);
            Assert.DoesNotContain(outcomes, outcome => outcome is WriteOutcome.Refused);
        }

        public async Task FinishAsync()
        {
            do await Registry.RefreshAsync(default);
            while (await Walk.StepAsync(default) is not StepOutcome.Idle);
        }

        public SearchQuery Parse(string query) => new SearchParser(SearchFixture.Context with { Definitions = Definitions }).Parse(
            PatientType, [new QueryParameter(query[..query.IndexOf('=')], query[(query.IndexOf('=') + 1)..]), new QueryParameter("_count", "1000")]).Value;

        public async Task<ImmutableArray<string>> SearchAsync(string query)
        {
            var page = (await Reader.ReadAsync(Parse(query), null, default)).Value;
            return [.. page.Matches.Select(match => match.Key.Id.Value).Order(StringComparer.Ordinal)];
        }

        /// <summary>What an evaluation in memory of all stored patients says.</summary>
        public async Task<ImmutableArray<string>> MatchAsync(string query)
        {
            var resources = new List<Resource>();
            await using var source = NpgsqlDataSource.Create(Database.ConnectionString);
            await using var command = source.CreateCommand($"""
                select e.body from es.stream s join es.event e on e.seq = s.seq where s.type = {PatientType.Number} and s.version > 0 and not s.deleted
                """);
            await using var row = await command.ExecuteReaderAsync();
            while (await row.ReadAsync()) resources.Add(SearchFixture.Read(row.GetFieldValue<byte[]>(0)));
            var found = new SearchMatcher(Release.R4, SearchFixture.BaseUrl, resources).Search(Parse(query));
            return [.. found.Select(resource => resource.Id!).Order(StringComparer.Ordinal)];
        }

        public async Task<long> CountAsync(string sql)
        {
            await using var source = NpgsqlDataSource.Create(Database.ConnectionString);
            await using var command = source.CreateCommand(sql);
            return (long)(await command.ExecuteScalarAsync())!;
        }

        public Task<VerificationReport> VerifyAsync() => new Verification(Database, Registry.Rules).RunAsync(null, default);

        public async ValueTask DisposeAsync()
        {
            await store.DisposeAsync();
            Registry.Dispose();
            await Database.DisposeAsync();
        }

        private static async Task<Node> ReadyAsync(EventDatabase database)
        {
            var node = new Node(database);
            await node.Registry.ReloadAsync(default);
            return node;
        }

        private WriteCommand Put(Resource resource)
        {
            Assert.True(ResourceId.TryParse(resource.Id, out var id));
            var text = StoredText.Of(resource, id.Value);
            var content = new ResourceContent(new BodyTemplate(text.Head, text.Tail, text.Digest), Registry.Active.Extractor.Extract(resource));
            return new WriteCommand(WriteKind.Update, new ResourceKey(resource.Type, id), content, Precondition.None);
        }
    }
}
