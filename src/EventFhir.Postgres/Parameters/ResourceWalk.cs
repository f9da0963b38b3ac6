using EventFhir.Core.Events;
using EventFhir.Core.Search.Indexing;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Projections;
using EventFhir.Postgres.Replay;
using EventFhir.Postgres.Sql;

using Npgsql;

using NpgsqlTypes;

namespace EventFhir.Postgres.Parameters;

/// <summary>A resource as a page of a walk found it.</summary>
/// <param name="Seq">es.stream.seq: as long as it is the same, so is the body.</param>
internal readonly record struct WalkedResource(long Rid, TypeDefinition Type, long Seq, IndexEntries Entries);

/// <summary>
/// Goes through the live resources of some types by rid, a page in each transaction, while others read and write. A page is read and extracted
/// without any lock; then its rows are locked, and what has changed since is left out: whoever changed it has indexed it.
/// </summary>
internal sealed class ResourceWalk(EventDatabase database, Release release)
{
    public const int PageResources = 500;

    /// <summary>The next resources after a rid; those that cannot be read are passed over, as a rebuild would name them.</summary>
    public async Task<(List<WalkedResource> Resources, long Last, int Count)> ReadAsync(
        long after, short[] types, Extraction extract, CancellationToken cancellationToken)
    {
        await using var connection = await database.Writer.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(SqlFile.Read("walk-page.sql"), connection)
        {
            Parameters =
            {
                new NpgsqlParameter<long> { TypedValue = after },
                new NpgsqlParameter<short[]> { TypedValue = types },
                new NpgsqlParameter<int> { TypedValue = PageResources },
            },
        };
        var page = new List<WalkedResource>();
        var (last, count) = (after, 0);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        for (; await row.ReadAsync(cancellationToken); count++)
        {
            last = row.GetInt64(0);
            var type = release.TypeOfNumber(row.GetInt16(1));
            if (Extract(extract, type, row.GetFieldValue<byte[]>(3)) is { } entries)
                page.Add(new WalkedResource(last, type, row.GetInt64(2), entries));
        }
        return (page, last, count);
    }

    /// <summary>One resource; null if it is not there, or cannot be read.</summary>
    public async Task<WalkedResource?> FindAsync(ResourceKey key, Extraction extract, CancellationToken cancellationToken)
    {
        await using var connection = await database.Writer.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(SqlFile.Read("walk-one.sql"), connection)
        {
            Parameters =
            {
                new NpgsqlParameter<short> { TypedValue = Tenant.Only },
                new NpgsqlParameter<short> { TypedValue = (short)key.Type.Number },
                new NpgsqlParameter<string> { TypedValue = key.Id.Value },
            },
        };
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken)) return null;
        return Extract(extract, key.Type, row.GetFieldValue<byte[]>(2)) is { } entries
            ? new WalkedResource(row.GetInt64(0), key.Type, row.GetInt64(1), entries) : null;
    }

    /// <summary>Gives references to keys without a stream row one, before anything is locked: the order in which writers do it.</summary>
    public async Task ReferAsync(References references, CancellationToken cancellationToken)
    {
        if (references.Ids.Count == 0) return;
        await using var connection = await database.Writer.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { Address(IndexReplay.GiveMissingARow, [], references) } };
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Locks the rows of a page. One number for each: its rid below zero, as es.rids has those that may have index rows; 0 if it
    /// has changed.</summary>
    public static async Task<List<long>> LockAsync(
        NpgsqlConnection connection, List<WalkedResource> page, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SqlFile.Read("walk-lock.sql"), connection)
        {
            Parameters = { new NpgsqlParameter<long[]> { TypedValue = [.. page.Select(resource => resource.Rid)] } },
        };
        var seqs = new Dictionary<long, long>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) seqs.Add(row.GetInt64(0), row.GetInt64(1));
        return page.ConvertAll(resource => seqs.TryGetValue(resource.Rid, out var seq) && seq == resource.Seq ? -resource.Rid : 0);
    }

    public static NpgsqlBatchCommand Address(string statement, List<long> rids, References references) => new(statement)
    {
        Parameters =
        {
            new NpgsqlParameter<short> { TypedValue = Tenant.Only },
            new NpgsqlParameter<List<long>> { TypedValue = rids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint },
            new NpgsqlParameter<List<short>> { TypedValue = references.Types, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Smallint },
            new NpgsqlParameter<List<string>> { TypedValue = references.Ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
        },
    };

    private static IndexEntries? Extract(Extraction extract, TypeDefinition type, byte[] body)
    {
        try
        {
            return extract(type, body);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return null;
        }
    }
}
