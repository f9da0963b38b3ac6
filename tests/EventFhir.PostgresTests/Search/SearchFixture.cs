using System.Collections.Immutable;

using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;
using EventFhir.Postgres;
using EventFhir.Postgres.Search;
using EventFhir.Tests;

using Npgsql;

namespace EventFhir.PostgresTests.Search;

/// <summary>A store with real layouts and real extraction, and the search over it.</summary>
internal sealed class SearchFixture : IAsyncDisposable
{
    public const string BaseUrl = "http://here/fhir";
    private readonly IndexExtractor extractor;

    private SearchFixture(EventDatabase database, SearchDefinitions definitions)
    {
        extractor = new IndexExtractor(definitions, new Uri(BaseUrl));
        Database = database;
        Store = new ResourceStore(database, Release.R4, definitions.LayoutOf);
        Reader = new SearchReader(database, Release.R4);
    }

    public EventDatabase Database { get; }
    public ResourceStore Store { get; }
    public SearchReader Reader { get; }

    public static SearchContext Context { get; } =
        new(SearchDefinitions.R4, BaseUrl, new DateTimeOffset(2026, 11, 21, 0, 0, 0, TimeSpan.Zero), UnknownParameters.Refuse);

    public static Task<SearchFixture> NewAsync(TestCluster cluster) => NewAsync(cluster, SearchDefinitions.R4);

    public static async Task<SearchFixture> NewAsync(TestCluster cluster, SearchDefinitions definitions)
    {
        var database = new EventDatabase(await cluster.NewDatabaseAsync());
        await database.Migrator.ApplyAsync(CancellationToken.None);
        return new SearchFixture(database, definitions);
    }

    public static Resource Read(ReadOnlyMemory<byte> json) =>
        ResourceJsonReader.Read(json, Release.R4).Resource ?? throw new ArgumentException("The text is no resource.");

    public static Resource Read(string json) => Read(System.Text.Encoding.UTF8.GetBytes(json));

    public Task WriteAsync(params IEnumerable<Resource> resources) => Task.WhenAll(resources.Select(async resource =>
    {
        var outcomes = await Store.WriteAsync(new WriteGroup([Put(resource)], Provenance.None), CancellationToken.None);
        if (outcomes[0] is WriteOutcome.Refused refused)
            throw new InvalidOperationException($"{KeyOf(resource)}: {refused.Refusal.Issues[0].Diagnostics}");
    }));

    public WriteCommand Put(Resource resource)
    {
        var key = KeyOf(resource);
        var text = StoredText.Of(resource, key.Id.Value);
        var content = new ResourceContent(new BodyTemplate(text.Head, text.Tail, text.Digest), extractor.Extract(resource));
        return new WriteCommand(WriteKind.Update, key, content, Precondition.None);
    }

    public static WriteCommand Delete(Resource resource) => new(WriteKind.Delete, KeyOf(resource), Content: null, Precondition.None);

    /// <summary>What a verification extracts from a stored body.</summary>
    public static IndexEntries Extract(TypeDefinition type, ReadOnlyMemory<byte> body) => new IndexExtractor(SearchDefinitions.R4, new Uri(BaseUrl)).Extract(Read(body));

    public async Task DeleteAsync(Resource resource)
    {
        await Store.WriteAsync(new WriteGroup([Delete(resource)], Provenance.None), CancellationToken.None);
    }

    private static ResourceKey KeyOf(Resource resource) =>
        ResourceId.TryParse(resource.Id, out var id) ? new ResourceKey(resource.Type, id) : throw new ArgumentException("The resource has no id.");

    /// <param name="path">A type, the member of a compartment ("Patient/1/Observation"), or nothing for a search of several types.</param>
    public static Outcome<SearchQuery> Parse(string path, string query) => Parse(Context, path, query);

    public static Outcome<SearchQuery> Parse(SearchContext context, string path, string query)
    {
        var parser = new SearchParser(context);
        QueryParameter[] parameters =
        [
            .. query.Split('&', StringSplitOptions.RemoveEmptyEntries)
                .Select(pair => new QueryParameter(pair[..pair.IndexOf('=')], Uri.UnescapeDataString(pair[(pair.IndexOf('=') + 1)..]))),
        ];
        return path.Split('/') switch
        {
            [""] => parser.ParseSystem(parameters),
            [var type] => parser.Parse(Release.R4.FindResourceType(type)!, parameters),
            [var owner, var id, var member] => parser.ParseCompartment(
                Release.R4.Compartments.Single(compartment => compartment.Type.Name == owner), id, Release.R4.FindResourceType(member), parameters),
            _ => throw new ArgumentException("The path is no search."),
        };
    }

    public async Task<SearchPage> SearchAsync(string type, string query) => await SearchAsync(Parse(type, query).Value);

    public async Task<SearchPage> SearchAsync(SearchQuery query, SearchCursor? after = null) =>
        (await Reader.ReadAsync(query, after, CancellationToken.None)).Value;

    /// <summary>The ids of all matches, page after page; each cursor takes the way through a link.</summary>
    public async Task<ImmutableArray<string>> AllIdsAsync(SearchQuery query)
    {
        var ids = ImmutableArray.CreateBuilder<string>();
        for (SearchCursor? after = null; ;)
        {
            var page = await SearchAsync(query, after);
            ids.AddRange(page.Matches.Select(match => match.Key.Id.Value));
            if (page.Next is null) return ids.ToImmutable();
            if (!SearchCursor.TryParse(page.Next.ToString(), out after)) throw new InvalidOperationException("A cursor cannot be read back.");
        }
    }

    /// <summary>All resources as the server gives them back, with the times it set.</summary>
    public async Task<ImmutableArray<Resource>> StoredAsync()
    {
        var stored = ImmutableArray.CreateBuilder<Resource>();
        foreach (var type in Release.R4.ResourceTypes)
        {
            SearchPage page;
            SearchCursor? after = null;
            do
            {
                page = await SearchAsync(Parse(type.Name, "_count=1000").Value, after);
                stored.AddRange(page.Matches.Select(match => Read(match.Body)));
                after = page.Next;
            }
            while (after is not null);
        }
        return stored.ToImmutable();
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        await Database.DisposeAsync();
        // As in StoreFixture.
        await using var connection = new NpgsqlConnection(Database.ConnectionString);
        NpgsqlConnection.ClearPool(connection);
    }
}
