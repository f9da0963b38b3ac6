using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;
using EventFhir.Postgres.Projections;

using Npgsql;

using NpgsqlTypes;

namespace EventFhir.Postgres.Replay;

/// <summary>Extracts the index rows of a stored body: what the write path did with the same resource.</summary>
public delegate IndexEntries Extraction(TypeDefinition type, ReadOnlyMemory<byte> body);

/// <summary>What rebuild and verify need to know of the release that the log is written in.</summary>
public sealed record ReplayRules(Release Release, Func<TypeDefinition, TypeLayout> LayoutOf, Extraction Extract)
{
    /// <summary>By which <see cref="Extract"/> works, if it is the real one.</summary>
    public IndexExtractor? Extractor { get; private init; }

    public long Generation => Extractor?.Definitions.Generation ?? 0;

    /// <summary>As the write path does it.</summary>
    public static ReplayRules Of(IndexExtractor extractor)
    {
        var release = extractor.Definitions.Release;
        return new(release, extractor.Definitions.LayoutOf, (type, body) => extractor.Extract(Read(release, type, body))) { Extractor = extractor };
    }

    /// <exception cref="InvalidDataException">The stored body is damaged, or that of another type.</exception>
    public static Resource Read(Release release, TypeDefinition type, ReadOnlyMemory<byte> body) =>
        ResourceJsonReader.Read(body, release).Resource is { } resource && resource.Type == type
            ? resource
            : throw new InvalidDataException($"A stored {type.Name} cannot be read.");
}

/// <summary>A version of a resource that is, or was, the newest and not a delete.</summary>
/// <param name="Rid">es.stream.rid.</param>
/// <param name="Since">The transaction that wrote it.</param>
/// <param name="Sequence">es.event.seq.</param>
/// <param name="Until">The transaction that wrote the next version; 0 if there is none.</param>
internal readonly record struct LiveVersion(long Rid, TypeDefinition Type, byte[] Body, long Since, long Sequence, long Until);

/// <summary>Writes the index rows of stored resources into a set of tables, with the same statements as the write path.</summary>
/// <param name="schema">Of the tables; they must exist and hold no rows of these resources.</param>
/// <param name="address">es.refer or es.resolve: what to do with a reference to a key that has no stream row.</param>
internal sealed class IndexReplay(ReplayRules rules, string schema, string address)
{
    public const string GiveMissingARow = "select es.refer($1, $2, $3, $4)";
    public const string LeaveMissingOut = "select es.resolve($1, $2, $3, $4)";
    private const string TellTransactions =
        "select set_config('es.sinces', $1::text, true), set_config('es.untils', $2::text, true), set_config('es.seqs', $3::text, true)";
    private readonly Dictionary<TypeDefinition, IndexRows> rows = [];
    private readonly Dictionary<TypeDefinition, TypeTables> tables = [];
    private readonly References references = new();
    private readonly List<long> rids = [];
    private readonly List<long> sinces = [];
    private readonly List<long> sequences = [];
    private readonly List<long> untils = [];

    /// <summary>Resources whose stored body could not be extracted; they have no rows.</summary>
    public List<LiveVersion> Unreadable { get; } = [];

    public TypeTables TablesOf(TypeDefinition type)
    {
        if (!tables.TryGetValue(type, out var found)) tables.Add(type, found = new TypeTables(rules.LayoutOf(type), schema));
        return found;
    }

    /// <summary>Reads versions to the end of the command's result: rid, type, body, since, seq, until.</summary>
    public async Task<List<LiveVersion>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var resources = new List<LiveVersion>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            resources.Add(new LiveVersion(
                reader.GetInt64(0), rules.Release.TypeOfNumber(reader.GetInt16(1)), reader.GetFieldValue<byte[]>(2),
                reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5)));
        return resources;
    }

    public Task WriteAsync(NpgsqlConnection connection, List<LiveVersion> resources, CancellationToken cancellationToken) =>
        WriteAsync(connection, resources, static (rows, batch) => rows.AddReplayTo(batch), cancellationToken);

    public Task WritePastAsync(NpgsqlConnection connection, List<LiveVersion> resources, CancellationToken cancellationToken) =>
        WriteAsync(connection, resources, static (rows, batch) => rows.AddPastReplayTo(batch), cancellationToken);

    private async Task WriteAsync(
        NpgsqlConnection connection, List<LiveVersion> resources, Action<IndexRows, NpgsqlBatch> add, CancellationToken cancellationToken)
    {
        if (resources.Count == 0) return;
        references.Clear();
        foreach (var values in (ReadOnlySpan<List<long>>)[rids, sinces, sequences, untils]) values.Clear();
        foreach (var ofType in rows.Values) ofType.Clear();
        foreach (var resource in resources)
        {
            if (Extract(resource) is not { } entries) continue;
            rids.Add(resource.Rid);
            sinces.Add(resource.Since);
            sequences.Add(resource.Sequence);
            untils.Add(resource.Until);
            if (!rows.TryGetValue(resource.Type, out var ofType)) rows.Add(resource.Type, ofType = new IndexRows(TablesOf(resource.Type)));
            ofType.AddNew(rids.Count, entries, references);
        }
        await using var batch = connection.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(address)
        {
            Parameters =
            {
                new NpgsqlParameter<short> { TypedValue = 0 },
                Array(rids),
                new NpgsqlParameter<List<short>> { TypedValue = references.Types, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Smallint },
                new NpgsqlParameter<List<string>> { TypedValue = references.Ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
            },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(TellTransactions) { Parameters = { Array(sinces), Array(untils), Array(sequences) } });
        foreach (var ofType in rows.Values)
            if (!ofType.IsEmpty) add(ofType, batch);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlParameter Array(List<long> values) =>
        new NpgsqlParameter<List<long>> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint };

    private IndexEntries? Extract(LiveVersion resource)
    {
        try
        {
            return rules.Extract(resource.Type, resource.Body);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A damaged body can break the extraction anywhere; what matters is which resource it is.
            Unreadable.Add(resource);
            return null;
        }
    }
}
