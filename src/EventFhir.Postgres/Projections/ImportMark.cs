using EventFhir.Postgres.Replay;

using Npgsql;

namespace EventFhir.Postgres.Projections;

/// <summary>
/// Held while an import puts search indexes off, so that no server makes them under it. A lock of its own connection: PostgreSQL takes it back
/// however the import ends.
/// </summary>
public sealed class ImportMark : IAsyncDisposable
{
    private const string Lock = "hashtextextended('eventfhir.import', 0)";
    private readonly NpgsqlConnection connection;

    private ImportMark(NpgsqlConnection connection) => this.connection = connection;

    /// <summary>Any number of imports may run at once.</summary>
    public static async Task<ImportMark> SetAsync(EventDatabase database, CancellationToken cancellationToken)
    {
        var connection = await database.Maintenance.OpenConnectionAsync(cancellationToken);
        await connection.RunAsync($"select pg_advisory_lock_shared({Lock})", cancellationToken);
        return new ImportMark(connection);
    }

    /// <summary>True while any import runs. The lock tried for is gone with the statement.</summary>
    internal static async Task<bool> IsSetAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        !await connection.ReadAsync<bool>($"select pg_try_advisory_xact_lock({Lock})", cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await connection.RunAsync($"select pg_advisory_unlock_shared({Lock})", CancellationToken.None);
        await connection.DisposeAsync();
    }
}
