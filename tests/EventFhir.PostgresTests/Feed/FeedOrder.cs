using EventFhir.Postgres;

using Npgsql;

namespace EventFhir.PostgresTests.Feed;

/// <summary>What must hold of every feed: asked of the tables, and answered with the number of rows that break each rule.</summary>
internal static class FeedOrder
{
    private static readonly (string Rule, string Broken)[] Rules =
    [
        ("each committed event has a position", "select count(*) from es.event e where not exists (select from es.feed f where f.seq = e.seq)"),
        ("each position has an event", "select count(*) from es.feed f where not exists (select from es.event e where e.seq = f.seq)"),
        ("positions have no hole", "select coalesce(max(position), 0) - count(*) from es.feed"),
        ("the sequencer knows the last one", "select abs((select coalesce(max(position), 0) from es.feed) - (select position from es.sequencer))"),
        ("versions of a resource come in order",
            """
            select count(*) from (select e.version, lag(e.version, 1, 0) over (partition by e.rid order by f.position) as before
                                  from es.feed f join es.event e using (seq)) v where v.version <> v.before + 1
            """),
        ("what is written together stands together",
            "select count(*) from (select from es.feed f join es.event e using (seq) group by e.tx_id having max(position) - min(position) + 1 <> count(*)) t"),
        ("the feed repeats type and tenant", "select count(*) from es.feed f join es.event e using (seq) where (f.tenant, f.type) <> (e.tenant, e.type)"),
        ("batches follow each other", "select count(*) from (select first_position, lag(last_position, 1, 0) over (order by last_position) as before "
            + "from es.feed_batch) b where b.first_position <> b.before + 1"),
        ("batches are closed in order", "select count(*) from (select closed_at, lag(closed_at) over (order by last_position) as before "
            + "from es.feed_batch) b where b.closed_at <= b.before"),
        ("a snapshot sees what is at or below its batch, and nothing else",
            """
            select count(*) from es.feed_batch b cross join (es.feed f join es.event e using (seq))
            where (f.position <= b.last_position) <> pg_visible_in_snapshot(e.xid, b.snapshot)
            """),
        ("a batch holds nothing recorded after it was closed",
            "select count(*) from es.feed_batch b join es.feed f on f.position between b.first_position and b.last_position join es.event e using (seq) "
            + "where e.recorded_at > b.closed_at"),
    ];

    /// <summary>Empty if the feed is as it must be, and everything is placed.</summary>
    public static async Task<IReadOnlyList<string>> ViolationsAsync(EventDatabase database)
    {
        var violations = new List<string>();
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        foreach (var (rule, broken) in Rules)
        {
            await using var command = new NpgsqlCommand(broken, connection) { CommandTimeout = 120 };
            if ((long)(await command.ExecuteScalarAsync())! is var count and > 0) violations.Add($"{rule}: {count} times not");
        }
        return violations;
    }
}
