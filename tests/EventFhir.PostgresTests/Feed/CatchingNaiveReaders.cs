using EventFhir.Core.Feed;
using EventFhir.Postgres.Feed;
using EventFhir.Tests;

using Npgsql;

using Xunit;

using static EventFhir.PostgresTests.StoreFixture;

namespace EventFhir.PostgresTests.Feed;

/// <summary>The checker of histories is worth something: readers that go by other orders than the feed's are caught, on the same history.</summary>
public sealed class CatchingNaiveReaders(TestCluster cluster)
{
    private readonly List<WrittenTogether> acknowledged = [];
    private long clock;

    [Theory]
    [InlineData("position", "")]
    [InlineData("seq", "lost: late")]
    [InlineData("xid", "lost: shared 2")]
    public async Task A_reader_that_goes_by(string order, string caught)
    {
        await using var fixture = await NewAsync(cluster);
        var sequencer = new Sequencer(fixture.Database);
        await using var late = await OpenAsync(fixture);
        await using var early = await OpenAsync(fixture);
        // One has its log number long before it ends, one its transaction number long before it writes.
        await ExecuteAsync(late, "begin");
        await NakedWriter.AppendAsync(late, "late");
        var lateSent = clock++;
        await ExecuteAsync(early, "begin; select pg_current_xact_id()");
        await WriteAsync(fixture, "first", 1);
        await sequencer.SettleAsync(default);
        var seen = new List<(long Key, SeenEvent Event)>();
        await ReadAsync(fixture, order, seen);

        await WriteAsync(fixture, "shared", 1);
        await ExecuteAsync(early,
            """
            insert into es.event (seq, rid, recorded_at, version, tenant, type, kind, event_id, tx_id, fhir_version, salt, body_commit)
            select nextval('es.seq'), rid, clock_timestamp(), 2, 0, 103, 2, gen_random_uuid(), gen_random_uuid(), '4.0', '', '' from es.stream where id = 'shared'
            """);
        var earlySent = clock++;
        await ExecuteAsync(early, "commit");
        acknowledged.Add(new WrittenTogether(earlySent, clock++, [("shared", 2)]));
        await ExecuteAsync(late, "commit");
        acknowledged.Add(new WrittenTogether(lateSent, clock++, [("late", 1)]));
        await sequencer.SettleAsync(default);
        await ReadAsync(fixture, order, seen);

        // Positions are not what these readers know; their own count is.
        var violations = FeedHistory.Violations(acknowledged, [.. seen.Select((one, place) => one.Event with { Position = place + 1 })]);
        if (caught.Length == 0) Assert.Empty(violations);
        else Assert.Contains(violations, violation => violation.StartsWith(caught, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_transaction_that_hangs_here_or_elsewhere_in_the_cluster_delays_nobody_else()
    {
        await using var fixture = await NewAsync(cluster);
        await using var elsewhere = new NpgsqlConnection(await cluster.NewDatabaseAsync() + ";Pooling=false");
        await elsewhere.OpenAsync();
        await ExecuteAsync(elsewhere, "create table held (id int); begin; insert into held values (1)");
        await using var here = await OpenAsync(fixture);
        await ExecuteAsync(here, "begin");
        await NakedWriter.AppendAsync(here, "hangs");
        await using var asks = new NpgsqlCommand("select pg_current_xact_id()::text::bigint", elsewhere);
        var hanging = (long)(await asks.ExecuteScalarAsync())!;
        var sequencer = new Sequencer(fixture.Database);
        for (var n = 1; n <= 20; n++)
        {
            await fixture.WriteAsync(Put(Patient, "goes-on", n));
            Assert.Equal(new FeedCursor(1, n), (await sequencer.PassAsync(default)).Head);
        }
        // They hung all the while: no snapshot of the cluster has passed the older of the two.
        Assert.InRange(await fixture.ScalarAsync<long>("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint"), 0, hanging);
        await ExecuteAsync(here, "commit");
        Assert.Equal(new FeedCursor(1, 21), (await sequencer.PassAsync(default)).Head);
        Assert.Empty(await FeedOrder.ViolationsAsync(fixture.Database));
    }

    private async Task WriteAsync(StoreFixture fixture, string id, int version)
    {
        var sent = clock++;
        await fixture.WriteAsync(Put(Patient, id, version));
        acknowledged.Add(new WrittenTogether(sent, clock++, [(id, version)]));
    }

    /// <summary>Goes on after the last key it has, as such readers do.</summary>
    private static async Task ReadAsync(StoreFixture fixture, string order, List<(long Key, SeenEvent Event)> seen)
    {
        await using var connection = await OpenAsync(fixture);
        await using var read = new NpgsqlCommand(
            $"""
            select r.key, r.id, r.version from (
                select {(order == "xid" ? "e.xid::text::bigint" : order == "seq" ? "e.seq" : order)} as key, s.id, e.version
                from es.event e join es.stream s using (rid) left join (select f.seq as placed, f.position from es.feed f) f on f.placed = e.seq) r
            where r.key > $1 order by r.key
            """,
            connection) { Parameters = { new() { Value = seen.Count == 0 ? 0L : seen[^1].Key } } };
        await using var row = await read.ExecuteReaderAsync();
        while (await row.ReadAsync()) seen.Add((row.GetInt64(0), new SeenEvent(0, row.GetString(1), row.GetInt32(2))));
    }

    private static async Task<NpgsqlConnection> OpenAsync(StoreFixture fixture)
    {
        var connection = new NpgsqlConnection(fixture.Database.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        return connection;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
