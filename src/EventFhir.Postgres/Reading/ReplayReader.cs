using System.Collections.Immutable;
using System.Data;

using EventFhir.Core.Events;
using EventFhir.Core.Feed;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Reading;

/// <summary>A version with what the log knows of its event.</summary>
/// <param name="TransactionId">Shared by all that was written together.</param>
/// <param name="Place">In the feed; null in the moment before it has one.</param>
public sealed record ReplayedVersion(StoredVersion Version, Guid EventId, Guid TransactionId, Provenance Provenance, FeedCursor? Place);

/// <param name="Before">The version before the first one; null if that is the first of all.</param>
/// <param name="Versions">Oldest first; empty if there is no such version.</param>
/// <param name="Next">The number of the version that the next page begins with; null on the last page.</param>
public sealed record ReplayPage(StoredVersion? Before, ImmutableArray<ReplayedVersion> Versions, long? Next);

/// <summary>Reads how a resource became what it is.</summary>
public sealed class ReplayReader(EventDatabase database)
{
    private static readonly string ReadReplay = SqlFile.Read("read-replay.sql");

    /// <summary>A page ends early when its bodies reach this.</summary>
    private const int PageBytesMax = 64 << 20;

    /// <param name="from">The number of the first version wanted, from 1.</param>
    /// <param name="count">Versions at most, from 1.</param>
    public Task<ReplayPage> ReadAsync(ResourceKey key, long from, int count, CancellationToken cancellationToken) =>
        database.ReadAsync((Key: key, From: from, Count: count), ReadOnceAsync, cancellationToken);

    private static async Task<ReplayPage> ReadOnceAsync(
        NpgsqlConnection connection, (ResourceKey Key, long From, int Count) question, CancellationToken cancellationToken)
    {
        var (key, from, count) = question;
        await using var command = new NpgsqlCommand(ReadReplay, connection);
        command.AddKey(key);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = from - 1 });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = count + 2 });
        var versions = ImmutableArray.CreateBuilder<ReplayedVersion>();
        var (before, bytes) = ((StoredVersion?)null, 0);
        await using var row = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var version = new StoredVersion(
                key, row.GetInt32(0), (VersionKind)row.GetInt16(1), new DateTimeOffset(row.GetDateTime(2)),
                row.IsDBNull(3) ? ReadOnlyMemory<byte>.Empty : row.GetFieldValue<byte[]>(3));
            if (version.Version < from)
            {
                before = version;
                continue;
            }
            bytes += version.Body.Length;
            if (versions.Count == count || (bytes > PageBytesMax && versions.Count > 0))
                return new ReplayPage(before, versions.DrainToImmutable(), version.Version);
            var (eventId, transactionId) = (row.GetGuid(4), row.GetGuid(5));
            var (actor, principal, client, reason) = (Text(row, 6), Text(row, 7), Text(row, 8), Text(row, 9));
            var provenance = new Provenance(actor, client, reason, CorrelationId: null) { OnBehalfOf = principal, Purpose = Text(row, 10) };
            provenance = provenance with { CorrelationId = Text(row, 11), SourceAddress = Text(row, 12), Trace = Text(row, 13) };
            FeedCursor? place = row.IsDBNull(14) ? null : new FeedCursor(Position: row.GetInt64(14), Epoch: row.GetInt32(15));
            versions.Add(new ReplayedVersion(version, eventId, transactionId, provenance, place));
        }
        return new ReplayPage(before, versions.DrainToImmutable(), Next: null);
    }

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
