using EventFhir.ServerTests.Running;

using Npgsql;

using Xunit;

using static EventFhir.ServerTests.Bundles.Bundled;

namespace EventFhir.ServerTests.Bundles;

/// <summary>A transaction with an entry at fault in its middle: no table has a row more or less.</summary>
public sealed class LeavingNoTrace(RunningServer server) : IClassFixture<RunningServer>
{
    private static readonly string[] Followers =
        ["es.feed", "es.feed_batch", "es.sequencer", "es.tree", "es.tile", "es.checkpoint", "es.proof_key", "es.follower"];

    [Theory]
    [InlineData(3, """{"resource":{"resourceType":"Observation","status":"final"},"request":{"method":"POST","url":"Observation"}}""", 422)]
    [InlineData(3, """{"resource":{"resourceType":"Patient","id":"stale"},"request":{"method":"PUT","url":"Patient/stale","ifMatch":"W/\"7\""}}""", 412)]
    [InlineData(3, """{"resource":{"resourceType":"Patient","id":"none"},"request":{"method":"PUT","url":"Patient/none","ifMatch":"W/\"1\""}}""", 412)]
    [InlineData(3, """{"request":{"method":"DELETE","url":"Patient/none","ifMatch":"W/\"1\""}}""", 412)]
    [InlineData(300, """{"resource":{"resourceType":"Patient","id":"stale"},"request":{"method":"PUT","url":"Patient/stale","ifMatch":"W/\"7\""}}""", 412)]
    [InlineData(3, """{"resource":{"resourceType":"Account","status":"active","subject":[{"reference":"Patient?identifier=nobody"}]},"request":{"method":"POST","url":"Account"}}""", 412)]
    [InlineData(3, """{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient","ifNoneExist":"family=Dreifach"}}""", 412)]
    public async Task A_refused_transaction_leaves_every_table_as_it_was(int others, string faulty, int status)
    {
        await server.PutAsync("Patient/stale", Sample.Patient("stale"));
        foreach (var triplet in new[] { "twin-1", "twin-2", "twin-3" }) await server.PutAsync($"Patient/{triplet}", Sample.Patient(triplet, "Dreifach"));
        await server.PostAsync("Observation", ObservationOf("Patient/stale"));
        var before = await RowsAsync();
        var id = Sample.Id();
        var answer = await server.PostAsync("", Transaction([
            .. Enumerable.Range(0, others).Select(_ => Post(Uuid(), ObservationOf($"Patient/{Sample.Id()}"))), Only("DELETE", "Patient/twin-1"), faulty,
            Put($"Patient/{id}", Sample.Patient(id))]));
        Assert.Equal(status, answer.Status);
        Assert.Equal(before, await RowsAsync());
    }

    /// <summary>The number of rows of each table, and what of a row may change. What follows the log a little later goes on meanwhile.</summary>
    private async Task<IReadOnlyList<string>> RowsAsync()
    {
        await using var connection = new NpgsqlConnection(server.Connection);
        await connection.OpenAsync();
        var tables = new List<string>();
        await using (var list = new NpgsqlCommand(
            "select schemaname || '.' || quote_ident(tablename) from pg_tables where schemaname in ('es', 'fhir', 'fhir_past') "
            + "and schemaname || '.' || tablename <> all ($1) order by 1", connection)
            { Parameters = { new() { Value = Followers } } })
        await using (var row = await list.ExecuteReaderAsync())
            while (await row.ReadAsync()) tables.Add(row.GetString(0));
        var rows = new List<string>();
        foreach (var table in tables)
        {
            await using var count = new NpgsqlCommand($"select count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' order by t::text)), '') from {table} t", connection);
            rows.Add($"{table} {(string)(await count.ExecuteScalarAsync())!}");
        }
        return rows;
    }
}
