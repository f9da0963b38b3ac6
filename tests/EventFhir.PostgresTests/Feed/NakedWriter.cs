using Npgsql;

namespace EventFhir.PostgresTests.Feed;

/// <summary>Appends events without the write path, so that a test has the transaction in its hands.</summary>
internal static class NakedWriter
{
    /// <summary>The first version of a new resource; several in one transaction are written together.</summary>
    public static async Task AppendAsync(NpgsqlConnection connection, string id)
    {
        await using var append = new NpgsqlCommand(
            """
            with made as (
                insert into es.stream (tenant, type, id, version, updated) values (0, 103, $1, 1, now()) returning rid
            )
            insert into es.event (seq, rid, recorded_at, version, tenant, type, kind, event_id, tx_id, fhir_version, salt, body_commit, body)
            select nextval('es.seq'), m.rid, date_trunc('milliseconds', clock_timestamp()), 1, 0, 103, 4, gen_random_uuid(),
                   md5(pg_current_xact_id()::text)::uuid, '4.0', '', '', '{"resourceType":"Patient"}'
            from made m
            """,
            connection) { Parameters = { new() { Value = id } } };
        await append.ExecuteNonQueryAsync();
    }
}
