using System.Collections.Immutable;

using Npgsql;

namespace EventFhir.Postgres.Migrations;

/// <summary>Brings the schema of a database up to this build. Any number of nodes may do so at once: an advisory lock lets one at a time.</summary>
public sealed class Migrator(NpgsqlDataSource database)
{
    private const string Registry =
        """
        create schema if not exists es;
        create table if not exists es.migration (
            number int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now());
        """;

    /// <summary>Applies what is pending and returns it.</summary>
    /// <exception cref="MigrationException">The database was migrated by a newer build, or an applied step has been edited.</exception>
    public async Task<ImmutableArray<Migration>> ApplyAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // Held by the session, across the transactions of the single steps; a lost connection gives it back.
        await ExecuteAsync(connection, "select pg_advisory_lock(hashtextextended('eventfhir.migrate', 0))", cancellationToken);
        try
        {
            // Whoever may not create anything in the schema may still find that there is nothing to do.
            if (!await HasRegistryAsync(connection, cancellationToken)) await ExecuteAsync(connection, Registry, cancellationToken);
            var status = await ReadAsync(connection, cancellationToken);
            if (status.FirstOrDefault(step => step.State is MigrationState.Unknown) is { } newer)
                throw new MigrationException($"The database has migration {newer.Name}, which this build does not know. Run a newer build.");
            if (status.FirstOrDefault(step => step.State is MigrationState.Changed) is { } changed)
                throw new MigrationException($"Migration {changed.Name} was applied from another text. Restore it, and add a new step instead.");
            var pending = status.Where(step => step.State is MigrationState.Pending).Select(step => step.Number).ToHashSet();
            var applied = Migration.All.Where(migration => pending.Contains(migration.Number)).ToImmutableArray();
            foreach (var migration in applied) await ApplyAsync(connection, migration, cancellationToken);
            return applied;
        }
        finally
        {
            await ExecuteAsync(connection, "select pg_advisory_unlock(hashtextextended('eventfhir.migrate', 0))", CancellationToken.None);
        }
    }

    /// <summary>Every step this build or the database knows, in order.</summary>
    public async Task<ImmutableArray<MigrationStatus>> StatusAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await HasRegistryAsync(connection, cancellationToken)
            ? await ReadAsync(connection, cancellationToken)
            : [.. Migration.All.Select(migration => new MigrationStatus(migration.Number, migration.Name, MigrationState.Pending, AppliedAt: null))];
    }

    private static async Task<bool> HasRegistryAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var exists = new NpgsqlCommand("select to_regclass('es.migration') is not null", connection);
        return await exists.ExecuteScalarAsync(cancellationToken) is true;
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, Migration migration, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, migration.Text, cancellationToken);
        await using var note = new NpgsqlCommand("insert into es.migration (number, name, checksum) values ($1, $2, $3)", connection)
        {
            Parameters = { new() { Value = migration.Number }, new() { Value = migration.Name }, new() { Value = migration.Checksum } },
        };
        await note.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task<ImmutableArray<MigrationStatus>> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var known = Migration.All.ToDictionary(migration => migration.Number);
        var status = new List<MigrationStatus>();
        await using (var command = new NpgsqlCommand("select number, name, checksum, applied_at from es.migration", connection))
        await using (var rows = await command.ExecuteReaderAsync(cancellationToken))
            while (await rows.ReadAsync(cancellationToken))
            {
                var state = !known.Remove(rows.GetInt32(0), out var migration) ? MigrationState.Unknown
                    : migration.Checksum == rows.GetString(2) ? MigrationState.Applied
                    : MigrationState.Changed;
                var appliedAt = await rows.GetFieldValueAsync<DateTimeOffset>(3, cancellationToken);
                status.Add(new MigrationStatus(rows.GetInt32(0), rows.GetString(1), state, appliedAt));
            }
        status.AddRange(known.Values.Select(left => new MigrationStatus(left.Number, left.Name, MigrationState.Pending, AppliedAt: null)));
        return [.. status.OrderBy(step => step.Number)];
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string text, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(text, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
