using EventFhir.Core.Feed;
using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Feed;
using EventFhir.Postgres.Reading;
using EventFhir.Postgres.Replay;
using EventFhir.Postgres.Search;
using EventFhir.PostgresTests.Search;
using EventFhir.Tests;

using Npgsql;

using Xunit;

namespace EventFhir.PostgresTests.Time;

/// <summary>A log in another cluster, where transactions are counted anew: positions mean what they meant, snapshots do not.</summary>
public sealed class MovedLogs(TestCluster cluster)
{
    [Fact]
    public async Task Reads_as_of_before_go_on_and_searches_are_refused_rather_than_wrong()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        var (sequencer, moments, reader) = (new Sequencer(fixture.Database), new MomentReader(fixture.Database), new ResourceReader(fixture.Database));
        for (var version = 0; version < 4; version++) await WriteAsync(fixture, version);
        await sequencer.SettleAsync(default);
        Assert.Equal(1, await CountAsync(fixture, await MomentAsync(2)));
        // What a dump looks like in a cluster that has counted less far.
        await ExecuteAsync(
            fixture,
            """
            update es.event set xid = (xid::text::bigint + 1000000)::text::xid8;
            update es.feed_batch set snapshot = format('%s:%s:', pg_snapshot_xmin(snapshot)::text::bigint + 1000000, pg_snapshot_xmax(snapshot)::text::bigint + 1000000)::pg_snapshot;
            update es.sequencer set started_at = '2020-01-01', snapshot = (select snapshot from es.feed_batch order by last_position desc limit 1);
            update es.epoch set system_identifier = 1;
            """);
        Assert.Equal(2, (await sequencer.SettleAsync(default)).Epoch);
        await WriteAsync(fixture, 4);
        Assert.Equal(new FeedCursor(2, 5), await sequencer.SettleAsync(default));

        Assert.Equal(2, (await reader.ReadAsOfAsync(Key, await MomentAsync(2), default))!.Version);
        Assert.NotNull(SearchReader.Begin(await MomentAsync(2)).Refusal);
        // Not rebuilt yet, the old numbers are in the way of the new moments too.
        Assert.NotNull(SearchReader.Begin(await MomentAsync(5)).Refusal);

        await new Rebuild(fixture.Database, new ReplayRules(Release.R4, SearchDefinitions.R4.LayoutOf, SearchFixture.Extract)).RunAsync(null, default);
        Assert.NotNull(SearchReader.Begin(await MomentAsync(2)).Refusal);
        Assert.Equal(1, await CountAsync(fixture, await MomentAsync(5)));
        Assert.Equal(2, (await reader.ReadAsOfAsync(Key, await MomentAsync(2), default))!.Version);

        async Task<Moment> MomentAsync(long position) =>
            (await moments.FindAsync(new AsOf.Place(new FeedCursor(position > 4 ? 2 : 1, position)), default)).Value;
    }

    [Fact]
    public async Task A_cursor_of_what_was_lost_is_told_from_one_of_what_is_to_come()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        var (sequencer, moments) = (new Sequencer(fixture.Database), new MomentReader(fixture.Database));
        for (var version = 0; version < 3; version++) await WriteAsync(fixture, version);
        await sequencer.SettleAsync(default);
        await ExecuteAsync(fixture, "update es.epoch set timeline = timeline + 1");
        await WriteAsync(fixture, 3);
        Assert.Equal(new FeedCursor(2, 4), await sequencer.SettleAsync(default));
        Assert.Equal(Core.RefusalKind.Conflict, (await moments.FindAsync(new AsOf.Place(new FeedCursor(1, 4)), default)).Refusal!.Kind);
        Assert.Equal(Core.RefusalKind.BadRequest, (await moments.FindAsync(new AsOf.Place(new FeedCursor(2, 5)), default)).Refusal!.Kind);
        Assert.Equal(new FeedCursor(2, 3), (await moments.FindAsync(new AsOf.Place(new FeedCursor(1, 3)), default)).Value.Cursor);
        Assert.Equal(1, await CountAsync(fixture, (await moments.FindAsync(new AsOf.Place(new FeedCursor(1, 3)), default)).Value));
    }

    [Fact]
    public async Task While_a_large_difference_is_being_placed_the_present_is_not_told_yet()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        var moments = new MomentReader(fixture.Database);
        for (var version = 0; version < 5; version++) await WriteAsync(fixture, version);
        // One number a pass.
        await ExecuteAsync(fixture, "select es.sequence(1)");
        Assert.Equal(Core.RefusalKind.Unavailable, (await moments.FindAsync(new AsOf.Place(new FeedCursor(1, 1)), default)).Refusal!.Kind);
        await new Sequencer(fixture.Database).SettleAsync(default);
        var moment = (await moments.FindAsync(new AsOf.Place(new FeedCursor(1, 1)), default)).Value;
        Assert.Equal(1, (await new ResourceReader(fixture.Database).ReadAsOfAsync(Key, moment, default))!.Version);
    }

    private static readonly Core.Events.ResourceKey Key =
        Core.Events.ResourceId.TryParse("moved", out var id) ? new(Release.R4.FindResourceType("Patient")!, id) : throw new InvalidOperationException();

    private static Task WriteAsync(SearchFixture fixture, int version) =>
        fixture.WriteAsync(SearchFixture.Read($$"""{"resourceType":"Patient","id":"moved","birthDate":"{{1990 + version}}"}"""));

    private static async Task<int> CountAsync(SearchFixture fixture, Moment moment) =>
        (await fixture.SearchAsync(SearchFixture.Parse("Patient", $"birthdate={1989 + moment.Cursor.Position}").Value, SearchReader.Begin(moment).Value)).Matches.Length;

    private static async Task ExecuteAsync(SearchFixture fixture, string sql)
    {
        await using var connection = new NpgsqlConnection(fixture.Database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
