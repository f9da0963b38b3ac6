using System.Data;

using EventFhir.Core.Events;
using EventFhir.Postgres.Feed;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Reading;

/// <summary>Reads single versions by key. Bodies are the stored bytes; nothing is parsed. Hot path, measured by the scenario read.</summary>
public sealed class ResourceReader(EventDatabase database)
{
    private static readonly string ReadCurrent = SqlFile.Read("read-current.sql");
    private static readonly string ReadAsOf = SqlFile.Read("read-as-of.sql");
    private static readonly string ReadVersion = SqlFile.Read("read-version.sql");

    /// <summary>The newest version, which may be a delete; null if there never was one.</summary>
    public Task<StoredVersion?> ReadAsync(ResourceKey key, CancellationToken cancellationToken) =>
        ReadAsync(key, ReadCurrent, number: null, cancellationToken);

    /// <summary>The version of this number, which may be a delete; null if there is none.</summary>
    public Task<StoredVersion?> ReadVersionAsync(ResourceKey key, long version, CancellationToken cancellationToken) =>
        version is < 1 or > int.MaxValue
            ? Task.FromResult<StoredVersion?>(null)
            : ReadAsync(key, ReadVersion, version, cancellationToken);

    /// <summary>The version that was the newest then, which may be a delete; null if there was none yet.</summary>
    /// <param name="moment">Null for now.</param>
    public Task<StoredVersion?> ReadAsOfAsync(ResourceKey key, Moment? moment, CancellationToken cancellationToken) =>
        moment is null ? ReadAsync(key, cancellationToken) : ReadAsync(key, ReadAsOf, moment.Cursor.Position, cancellationToken);

    /// <param name="number">Of the version, or of the position as of which one is read; null for the newest.</param>
    private Task<StoredVersion?> ReadAsync(ResourceKey key, string text, long? number, CancellationToken cancellationToken) =>
        database.ReadAsync((Key: key, Text: text, Number: number), ReadOnceAsync, cancellationToken);

    private static async Task<StoredVersion?> ReadOnceAsync(
        NpgsqlConnection connection, (ResourceKey Key, string Text, long? Number) question, CancellationToken cancellationToken)
    {
        var (key, text, number) = question;
        await using var command = new NpgsqlCommand(text, connection);
        command.AddKey(key);
        if (number is { } given) command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = given });
        await using var row = await command.ExecuteReaderAsync(CommandBehavior.SingleRow, cancellationToken);
        if (!await row.ReadAsync(cancellationToken)) return null;
        return new StoredVersion(
            key,
            row.GetInt32(0),
            (VersionKind)row.GetInt16(1),
            new DateTimeOffset(row.GetDateTime(2)),
            row.IsDBNull(3) ? ReadOnlyMemory<byte>.Empty : row.GetFieldValue<byte[]>(3));
    }
}
