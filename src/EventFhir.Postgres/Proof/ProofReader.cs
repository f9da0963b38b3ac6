using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Data;

using EventFhir.Core.Events;
using EventFhir.Core.Proof;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Proof;

/// <summary>Reads the tree and makes proofs out of its tiles.</summary>
public sealed class ProofReader(EventDatabase database, Release release)
{
    private const string BodyBytes =
        """
        select coalesce(sum(octet_length(e.body)), 0)::bigint
        from es.stream s join es.event e on e.rid = s.rid where s.tenant = $1 and s.type = $2 and s.id = $3
        """;

    private const string LatestCheckpoint = "select size, note from es.checkpoint order by size desc limit 1";
    private static readonly string OfResource = SqlFile.Read("proof-resource.sql");
    private static readonly string PositionOfVersion = SqlFile.Read("proof-position.sql");

    /// <summary>The newest signed note; null before the first event.</summary>
    public async Task<string?> CheckpointAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.Reader.OpenConnectionAsync(cancellationToken);
        return (await LatestAsync(connection, cancellationToken)).Note;
    }

    /// <summary>The public keys that the log has signed with, a line each.</summary>
    public async Task<ImmutableArray<NoteKey>> KeysAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.Reader.OpenConnectionAsync(cancellationToken);
        return await KeysAsync(connection, cancellationToken);
    }

    /// <summary>The first hashes of a tile, so many as asked for; null if it does not have them.</summary>
    public async Task<byte[]?> TileAsync(TileAddress address, int width, CancellationToken cancellationToken)
    {
        await using var connection = await database.Reader.OpenConnectionAsync(cancellationToken);
        var tiles = await TileRows.ReadAsync(connection, [address], cancellationToken);
        return tiles.TryGetValue(address, out var tile) && tile.Width >= width ? tile.Hashes[..(width * TreeHash.Bytes)].ToArray() : null;
    }

    /// <summary>The records of the leaves of a tile, each behind its length in two bytes (C2SP tlog-tiles); null if there are not so many.</summary>
    public async Task<byte[]?> EntriesAsync(long tile, int width, CancellationToken cancellationToken)
    {
        await using var connection = await database.Reader.OpenConnectionAsync(cancellationToken);
        if (tile > long.MaxValue / TileAddress.Width - 1) return null;
        var first = tile * TileAddress.Width;
        if (first + width > (await LatestAsync(connection, cancellationToken)).Size) return null;
        var records = await LeavesAsync(connection, first, first + width, cancellationToken);
        using var bundle = new MemoryStream();
        foreach (var record in records)
        {
            var (bytes, length) = (record.Leaf.ToBytes(), new byte[2]);
            BinaryPrimitives.WriteUInt16BigEndian(length, checked((ushort)bytes.Length));
            bundle.Write(length);
            bundle.Write(bytes);
        }
        return records.Count == width ? bundle.ToArray() : null;
    }

    /// <summary>The place of a version in the feed; null if it has none.</summary>
    public async Task<long?> PositionAsync(ResourceKey key, long version, CancellationToken cancellationToken)
    {
        if (version is < 1 or > int.MaxValue) return null;
        await using var command = database.Reader.CreateCommand(PositionOfVersion);
        command.AddKey(key);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = (int)version });
        return await command.ExecuteScalarAsync(cancellationToken) as long?;
    }

    /// <summary>That the event is in the tree of the newest checkpoint; null if it is not.</summary>
    public async Task<InclusionProof?> InclusionAsync(long position, CancellationToken cancellationToken)
    {
        await using var connection = await database.Reader.OpenConnectionAsync(cancellationToken);
        var (size, note) = await LatestAsync(connection, cancellationToken);
        if (note is null || position < 1 || position > size) return null;
        var leaves = await LeavesAsync(connection, position - 1, position, cancellationToken);
        if (leaves is not [var found]) return null;
        return new InclusionProof(found.Leaf, await ResolveAsync(connection, ProofPlan.OfInclusion(position - 1, size), cancellationToken), note);
    }

    /// <summary>That the tree of one size is the beginning of that of another; null if the tree is not that large yet.</summary>
    public async Task<ImmutableArray<TreeHash>?> ConsistencyAsync(long from, long to, CancellationToken cancellationToken)
    {
        await using var connection = await database.Reader.OpenConnectionAsync(cancellationToken);
        if (from < 1 || from > to || to > (await LatestAsync(connection, cancellationToken)).Size) return null;
        return await ResolveAsync(connection, ProofPlan.OfConsistency(from, to), cancellationToken);
    }

    /// <summary>How large the versions of a resource are together, without reading them.</summary>
    public async Task<long> BodyBytesAsync(ResourceKey key, CancellationToken cancellationToken)
    {
        await using var command = database.Reader.CreateCommand(BodyBytes);
        command.AddKey(key);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Everything that proves a resource, its versions in order; null if there are none, or if one is not in a signed tree yet.</summary>
    public async Task<EvidencePack?> EvidenceAsync(ResourceKey key, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await database.Reader.OpenConnectionAsync(cancellationToken);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        var (size, note) = await LatestAsync(connection, cancellationToken);
        if (note is null) return null;
        var versions = new List<EvidenceVersion>();
        await using (var command = new NpgsqlCommand(OfResource, connection))
        {
            command.AddKey(key);
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
            {
                if (row.IsDBNull(0) || row.GetInt64(0) > size || LeafRows.Read(row, release) is not { } found) return null;
                var salt = row.IsDBNull(LeafRows.Columns) ? null : row.GetFieldValue<byte[]>(LeafRows.Columns);
                var body = row.IsDBNull(LeafRows.Columns + 1) ? null : row.GetFieldValue<byte[]>(LeafRows.Columns + 1);
                versions.Add(new EvidenceVersion(found.Leaf, found.Origin, salt, body, Path: []));
            }
        }
        if (versions.Count == 0) return null;
        for (var i = 0; i < versions.Count; i++)
        {
            var plan = ProofPlan.OfInclusion(versions[i].Leaf.Position - 1, size);
            versions[i] = versions[i] with { Path = await ResolveAsync(connection, plan, cancellationToken) };
        }
        return new EvidencePack(key.ToString(), now, note, await KeysAsync(connection, cancellationToken), [.. versions]);
    }

    private static async Task<ImmutableArray<NoteKey>> KeysAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select line from es.proof_key order by line", connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var keys = ImmutableArray.CreateBuilder<NoteKey>();
        while (await row.ReadAsync(cancellationToken))
            if (NoteKey.Parse(row.GetString(0)) is { } key) keys.Add(key);
        return keys.ToImmutable();
    }

    private static async Task<(long Size, string? Note)> LatestAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(LatestCheckpoint, connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? (row.GetInt64(0), row.GetString(1)) : (0, null);
    }

    private static async Task<ImmutableArray<TreeHash>> ResolveAsync(
        NpgsqlConnection connection, ProofPlan plan, CancellationToken cancellationToken) =>
        plan.Resolve(await TileRows.ReadAsync(connection, plan.Tiles, cancellationToken));

    private async Task<List<ProvenEvent>> LeavesAsync(NpgsqlConnection connection, long after, long upto, CancellationToken cancellationToken)
    {
        await using var command = LeafRows.Between(connection, after, upto);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var leaves = new List<ProvenEvent>();
        while (await row.ReadAsync(cancellationToken))
            if (LeafRows.Read(row, release) is { } found) leaves.Add(found);
        return leaves;
    }
}
