using Npgsql;

namespace EventFhir.Postgres.Replay;

/// <summary>
/// Drops the search tables that a rebuild has replaced, and those that a rebuild left which died. One by one: a search that is still at them holds
/// several of its tables, so whoever wanted to have more than one would wait for it in a circle, and a schema can have more tables than
/// PostgreSQL has room for locks.
/// </summary>
internal sealed class OldTables(NpgsqlConnection connection)
{
    private const string Schemas = "'fhir_old', 'fhir_past_old', 'fhir_next', 'fhir_past_next'";

    public async Task DropAsync(CancellationToken cancellationToken)
    {
        var tables = await connection.ReadAllAsync<string>(
            $"select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ({Schemas})", cancellationToken);
        foreach (var table in tables) await connection.RunAsync($"drop table {table}", cancellationToken);
        var schemas = await connection.ReadAllAsync<string>(
            $"select nspname::text from pg_namespace where nspname in ({Schemas})", cancellationToken);
        foreach (var schema in schemas)
            await connection.RunAsync($"drop schema {schema} cascade", cancellationToken);
    }
}
