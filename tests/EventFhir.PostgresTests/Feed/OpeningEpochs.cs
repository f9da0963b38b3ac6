using EventFhir.Core.Feed;
using EventFhir.Postgres.Feed;
using EventFhir.Tests;

using Xunit;

using static EventFhir.PostgresTests.StoreFixture;

namespace EventFhir.PostgresTests.Feed;

/// <summary>A log that was moved is told from the cluster it is in; the tests change what the log believes, not the cluster.</summary>
public sealed class OpeningEpochs(TestCluster cluster)
{
    private const string WithoutPlace = "select count(*) from es.event e where not exists (select from es.feed f where f.seq = e.seq)";

    [Theory]
    [InlineData("timeline = timeline + 1")]
    [InlineData("database = 1")]
    public async Task A_log_in_a_copy_of_its_cluster_goes_on_in_a_new_epoch(string belief)
    {
        await using var fixture = await NewAsync(cluster);
        var sequencer = new Sequencer(fixture.Database);
        for (var n = 0; n < 5; n++) await fixture.WriteAsync(Put(Patient, "a", n));
        Assert.Equal(new FeedCursor(1, 5), await sequencer.SettleAsync(default));
        await fixture.WriteAsync(Put(Patient, "a", 5));
        await fixture.ExecuteAsync($"update es.epoch set {belief}");

        Assert.Equal(new FeedCursor(2, 6), await sequencer.SettleAsync(default));
        Assert.Equal(5, await fixture.ScalarAsync<long>("select from_position from es.epoch where epoch = 2"));
        await fixture.WriteAsync(Put(Patient, "a", 6));
        Assert.Equal(new FeedCursor(2, 7), await sequencer.SettleAsync(default));
        Assert.Empty(await FeedOrder.ViolationsAsync(fixture.Database));
    }

    [Theory]
    [InlineData(+1_000_000)]
    [InlineData(+40)]
    [InlineData(-200)]
    public async Task A_log_in_another_cluster_is_placed_to_its_end_whatever_its_transactions_were_called(int xidShift)
    {
        await using var fixture = await NewAsync(cluster);
        var sequencer = new Sequencer(fixture.Database);
        for (var n = 0; n < 8; n++) await fixture.WriteAsync(Put(Patient, $"p-{n % 3}", n));
        await sequencer.SettleAsync(default);
        // Two that the dump had, and the feed had not.
        for (var n = 8; n < 10; n++) await fixture.WriteAsync(Put(Patient, $"p-{n % 3}", n));
        await fixture.ExecuteAsync(
            $"""
            update es.event set xid = (xid::text::bigint + {xidShift})::text::xid8;
            update es.sequencer set started_at = '2020-01-01',
                snapshot = format('%s:%s:', pg_snapshot_xmin(snapshot)::text::bigint + {xidShift}, pg_snapshot_xmax(snapshot)::text::bigint + {xidShift})::pg_snapshot;
            update es.epoch set system_identifier = 1;
            """);

        Assert.Equal(new FeedCursor(2, 10), await sequencer.SettleAsync(default));
        Assert.Equal(8, await fixture.ScalarAsync<long>("select from_position from es.epoch where epoch = 2"));
        // New transactions take the names that old ones had.
        for (var n = 10; n < 90; n++)
        {
            await fixture.WriteAsync(Put(Patient, $"p-{n % 3}", n));
            if (n % 7 == 0) await sequencer.PassAsync(default);
        }
        Assert.Equal(new FeedCursor(2, 90), await sequencer.SettleAsync(default));
        Assert.Equal(0, await fixture.ScalarAsync<long>(WithoutPlace));
        Assert.Equal(90, await fixture.ScalarAsync<long>("select count(distinct seq) from es.feed"));
        Assert.DoesNotContain(await FeedOrder.ViolationsAsync(fixture.Database), static violation => violation.StartsWith("versions", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_restart_alone_opens_none()
    {
        await using var fixture = await NewAsync(cluster);
        await fixture.WriteAsync(Put(Patient, "a", 1));
        await fixture.ExecuteAsync("update es.sequencer set started_at = '2020-01-01'");
        Assert.Equal(new FeedCursor(1, 1), await new Sequencer(fixture.Database).SettleAsync(default));
        Assert.True(await fixture.ScalarAsync<bool>("select started_at = pg_postmaster_start_time() from es.sequencer"));
    }
}
