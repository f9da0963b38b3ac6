using System.Collections.Immutable;

using EventFhir.Core.Events;
using EventFhir.Core.Search;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;
using EventFhir.Postgres;
using EventFhir.Postgres.Parameters;
using EventFhir.Postgres.Reindexing;
using EventFhir.Postgres.Replay;
using EventFhir.Postgres.Search;
using EventFhir.Tests;

using Npgsql;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>What a server has of this, without the server.</summary>
internal sealed class Node : IAsyncDisposable
{
    public static readonly TypeDefinition PatientType = Release.R4.FindResourceType("Patient")!;
    private readonly ResourceStore store;

    private Node(EventDatabase database)
    {
        Database = database;
        Registry = new ParameterRegistry(database, new ActiveDefinitions(SearchDefinitions.R4, new Uri(SearchFixture.BaseUrl)));
        Walk = new ParameterWalk(database, Registry);
        Reindexing = new ReindexWalk(database, Registry);
        Reader = new SearchReader(database, Release.R4);
        store = new ResourceStore(database, Registry);
    }

    public EventDatabase Database { get; }
    public ParameterRegistry Registry { get; }
    public ParameterWalk Walk { get; }
    public ReindexWalk Reindexing { get; }
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
        return Ordered(query, page.Matches.Select(match => match.Key.Id.Value));
    }

    private static ImmutableArray<string> Ordered(string query, IEnumerable<string> ids) =>
        query.StartsWith("_sort", StringComparison.Ordinal) ? [.. ids] : [.. ids.Order(StringComparer.Ordinal)];

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
        var answered = await Reader.Terminology.AnswerAsync(Parse(query), snapshot: null, default);
        var found = new SearchMatcher(Release.R4, SearchFixture.BaseUrl, resources).Search(answered.Value);
        return Ordered(query, found.Select(resource => resource.Id!));
    }

    public async Task<long> CountAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(Database.ConnectionString);
        await using var command = source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public async Task RunAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(Database.ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async Task DeleteAsync(string id)
    {
        Assert.True(ResourceId.TryParse(id, out var parsed));
        await store.WriteAsync(new WriteGroup([new WriteCommand(WriteKind.Delete, new ResourceKey(PatientType, parsed), Content: null, Precondition.None)], Provenance.None), default);
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
