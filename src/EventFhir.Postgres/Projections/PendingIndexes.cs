using System.Collections.Concurrent;

using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Replay;
using EventFhir.Postgres.Sql;

using Npgsql;

using NpgsqlTypes;

namespace EventFhir.Postgres.Projections;

/// <summary>
/// Makes the search indexes that an import has put off (<see cref="NewTables.IndexedLater"/>): at its end, or by a server if
/// it did not get there. Until then searches of these types are correct, but slow. Any number of processes may do this at once.
/// </summary>
public sealed class PendingIndexes(EventDatabase database, Release release, Func<TypeDefinition, TypeLayout> layoutOf)
{
    private const int Workers = 2;

    /// <summary>For a server: makes what was left, but nothing under an import, which is faster without.</summary>
    public async Task CompleteAbandonedAsync(CancellationToken cancellationToken)
    {
        await using (var connection = await database.Maintenance.OpenConnectionAsync(cancellationToken))
        {
            if (!await connection.ReadAsync<bool>("select exists (select from fhir.layout where not indexed)", cancellationToken)) return;
            if (await ImportMark.IsSetAsync(connection, cancellationToken)) return;
        }
        await CompleteAsync(cancellationToken);
    }

    /// <summary>Returns when no type waits for its indexes but those that another process is at.</summary>
    public Task CompleteAsync(CancellationToken cancellationToken)
    {
        var foreign = new ConcurrentBag<short>();
        return Task.WhenAll(
            Enumerable.Range(0, Workers).Select(_ => Task.Run(() => CompleteAllAsync(foreign, cancellationToken), cancellationToken)));
    }

    /// <summary>
    /// Makes those of one type, unless somebody is at it or others write it just now in a way that makes both wait for each other: then they are left
    /// to <see cref="CompleteAsync"/>.
    /// </summary>
    public async Task TryCompleteAsync(TypeDefinition type, CancellationToken cancellationToken)
    {
        await using var connection = await database.Maintenance.OpenConnectionAsync(cancellationToken);
        try
        {
            await CompleteAsync(connection, [], type, cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.DeadlockDetected)
        {
        }
    }

    private async Task CompleteAllAsync(ConcurrentBag<short> foreign, CancellationToken cancellationToken)
    {
        await using var connection = await database.Maintenance.OpenConnectionAsync(cancellationToken);
        while (await CompleteAsync(connection, foreign, only: null, cancellationToken)) { }
    }

    /// <param name="foreign">Types whose tables are of another build's layout; the rebuild that they need makes their indexes.</param>
    /// <param name="only">Null for the largest type that is left.</param>
    /// <returns>False if there was nothing to do.</returns>
    private async Task<bool> CompleteAsync(
        NpgsqlConnection connection, ConcurrentBag<short> foreign, TypeDefinition? only, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // Shared with other makers of indexes; whoever swaps tables waits, and we for them.
        await connection.RunAsync(ProjectionCatalog.LockShared, cancellationToken);
        if (await FindAsync(connection, foreign, only, cancellationToken) is not var (type, fingerprint)) return false;
        var tables = new TypeTables(layoutOf(release.TypeOfNumber(type)));
        if (TypeTables.Fingerprint(tables.Layout) == fingerprint)
        {
            await connection.RunAsync(tables.CreateLookups.Text, cancellationToken);
            await using var note = new NpgsqlCommand("update fhir.layout set indexed = true where type = $1", connection)
            {
                Parameters = { new NpgsqlParameter<short> { TypedValue = type } },
            };
            await note.ExecuteNonQueryAsync(cancellationToken);
        }
        else foreign.Add(type);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private static async Task<(short Type, string Fingerprint)?> FindAsync(
        NpgsqlConnection connection, ConcurrentBag<short> foreign, TypeDefinition? only, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlCommand(SqlFile.Read("pending-type.sql"), connection)
        {
            Parameters =
            {
                new NpgsqlParameter<short[]> { TypedValue = [.. foreign], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Smallint },
                new NpgsqlParameter { Value = only is null ? DBNull.Value : (short)only.Number, NpgsqlDbType = NpgsqlDbType.Smallint },
            },
        };
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? (row.GetInt16(0), row.GetString(1)) : null;
    }
}
