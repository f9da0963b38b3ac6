using EventFhir.Core.Events;
using EventFhir.Core.Feed;
using EventFhir.Postgres.Feed;
using EventFhir.Tests;

using Npgsql;

using Xunit;

using static EventFhir.PostgresTests.StoreFixture;

namespace EventFhir.PostgresTests.Feed;

public sealed class PlacingEvents(TestCluster cluster)
{
    private const string Snapshots =
        "select string_agg(format('%s %s', last_position, closed_at), ',' order by last_position) from es.feed_batch";

    [Fact]
    public async Task Rival_sequencers_place_every_event_once_and_in_order_while_others_write()
    {
        await using var fixture = await NewAsync(cluster, new() { Lanes = 3 });
        using var stop = new CancellationTokenSource();
        var rivals = Enumerable.Range(0, 3).Select(_ => Task.Run(() => PassUntilAsync(fixture, stop.Token))).ToList();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(() => WriteAsync(fixture, writer, 40))));
        await stop.CancelAsync();
        await Task.WhenAll(rivals);
        await new Sequencer(fixture.Database).SettleAsync(default);

        Assert.Empty(await FeedOrder.ViolationsAsync(fixture.Database));
        Assert.True(await fixture.ScalarAsync<long>("select count(*) from es.feed_batch") > 5);
        // A large group, a refused one, and one that is rolled back leave no hole either.
        Assert.Equal(await fixture.ScalarAsync<long>("select count(*) from es.event"), await fixture.ScalarAsync<long>("select max(position) from es.feed"));
    }

    [Fact]
    public async Task A_writer_that_does_not_end_delays_only_its_own_events()
    {
        await using var fixture = await NewAsync(cluster);
        var sequencer = new Sequencer(fixture.Database);
        await using var slow = await OpenAsync(fixture);
        await ExecuteAsync(slow, "begin");
        await AppendAsync(slow, rid: 900, version: 1);
        await fixture.WriteAsync(Put(Patient, "a", 1));
        Assert.Equal(1, (await sequencer.PassAsync(default)).Head.Position);
        await fixture.WriteAsync(Put(Patient, "a", 2));
        await AppendAsync(slow, rid: 901, version: 1);
        Assert.Equal(2, (await sequencer.PassAsync(default)).Head.Position);
        Assert.Equal(0, (await sequencer.PassAsync(default)).Placed);

        await ExecuteAsync(slow, "commit");
        Assert.Equal(2, (await sequencer.PassAsync(default)).Placed);
        Assert.Empty(await FeedOrder.ViolationsAsync(fixture.Database));
        Assert.Equal("901", await fixture.ScalarAsync<string>("select e.rid::text from es.feed join es.event e using (seq) where position = 4"));
    }

    [Fact]
    public async Task Who_began_first_but_wrote_the_second_version_comes_second()
    {
        await using var fixture = await NewAsync(cluster);
        await using var early = await OpenAsync(fixture);
        await using var late = await OpenAsync(fixture);
        await ExecuteAsync(early, "begin; select pg_current_xact_id()");
        await ExecuteAsync(late, "begin");
        await AppendAsync(late, rid: 7, version: 1);
        await ExecuteAsync(late, "commit");
        await AppendAsync(early, rid: 7, version: 2);
        await ExecuteAsync(early, "commit");
        await new Sequencer(fixture.Database).PassAsync(default);

        Assert.Equal("1,2", await fixture.ScalarAsync<string>(
            "select string_agg(e.version::text, ',' order by position) from es.feed join es.event e using (seq)"));
        Assert.True(await fixture.ScalarAsync<bool>("select max(xid) filter (where version = 2) < max(xid) filter (where version = 1) from es.event"));
        Assert.Empty(await FeedOrder.ViolationsAsync(fixture.Database));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(1_000)]
    public async Task A_large_difference_is_placed_in_steps_with_the_same_outcome(int numbersPerPass)
    {
        await using var fixture = await NewAsync(cluster, new() { Lanes = 3 });
        // Two transactions that begin early and end late, around everything else; and one that ends after the first step.
        await using var wide = await OpenAsync(fixture);
        await using var never = await OpenAsync(fixture);
        await ExecuteAsync(wide, "begin");
        await AppendAsync(wide, rid: 900, version: 1);
        await ExecuteAsync(never, "begin");
        await AppendAsync(never, rid: 902, version: 1);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(writer => Task.Run(() => WriteAsync(fixture, writer, 12))));
        await AppendAsync(wide, rid: 901, version: 1);
        await ExecuteAsync(wide, "commit");

        var steps = 0;
        while (await fixture.ScalarAsync<bool>($"select r_more from es.sequence({numbersPerPass})"))
        {
            if (++steps == 1) await ExecuteAsync(never, "commit");
            await fixture.WriteAsync(Put(Patient, "meanwhile", steps));
        }
        await new Sequencer(fixture.Database).SettleAsync(default);
        Assert.Empty(await FeedOrder.ViolationsAsync(fixture.Database));
        if (numbersPerPass < 100) Assert.True(steps > 20);
    }

    [Fact]
    public async Task Nothing_new_writes_nothing()
    {
        await using var fixture = await NewAsync(cluster);
        await fixture.WriteAsync(Put(Patient, "a", 1));
        var sequencer = new Sequencer(fixture.Database);
        await sequencer.PassAsync(default);
        var before = await fixture.ScalarAsync<string>("select xmin || ' ' || xmax from es.sequencer");
        Assert.Equal(new SequencerPass(new FeedCursor(1, 1), 0, HasMore: false), await sequencer.PassAsync(default));
        Assert.Equal(before, await fixture.ScalarAsync<string>("select xmin || ' ' || xmax from es.sequencer"));
    }

    [Fact]
    public async Task A_pass_with_one_snapshot_for_all_its_statements_is_refused()
    {
        await using var fixture = await NewAsync(cluster);
        var refusal = await Assert.ThrowsAsync<PostgresException>(
            () => fixture.ExecuteAsync("begin isolation level repeatable read; select * from es.sequence(); commit"));
        Assert.Contains("read committed", refusal.MessageText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_instant_maps_to_one_position_for_ever()
    {
        await using var fixture = await NewAsync(cluster);
        var sequencer = new Sequencer(fixture.Database);
        Assert.Equal(0, await fixture.ScalarAsync<long>("select es.position_at('2020-01-01')"));
        Assert.True(await fixture.ScalarAsync<bool>("select es.position_at(now() + interval '1 h') is null"));
        var asked = new List<(string Instant, long Position)>();
        for (var round = 0; round < 30; round++)
        {
            var written = Assert.IsType<WriteOutcome.Appended>(await fixture.WriteAsync(Put(Patient, $"p-{round % 4}", round)));
            if (round % 3 == 0) await sequencer.PassAsync(default);
            var instant = round % 2 == 0 ? await fixture.ScalarAsync<string>("select clock_timestamp()::text") : $"{written.LastUpdated:O}";
            asked.Add((instant, await fixture.ScalarAsync<long>($"select es.position_at('{instant}')")));
            // What was acknowledged before the instant is in.
            if (round % 2 == 0) Assert.Equal(round + 1, asked[^1].Position);
        }
        foreach (var (instant, position) in asked)
            Assert.Equal(position, await fixture.ScalarAsync<long>($"select es.position_at('{instant}')"));
        Assert.Empty(await FeedOrder.ViolationsAsync(fixture.Database));
    }

    private static async Task PassUntilAsync(StoreFixture fixture, CancellationToken stop)
    {
        var sequencer = new Sequencer(fixture.Database);
        while (!stop.IsCancellationRequested) await sequencer.PassAsync(default);
    }

    private static async Task WriteAsync(StoreFixture fixture, int writer, int rounds)
    {
        var random = new Random(writer);
        for (var n = 0; n < rounds; n++)
        {
            var seed = (writer * 10_000) + n;
            switch (random.Next(6))
            {
                case 0:
                    await fixture.Store.WriteAsync(new WriteGroup(
                        [.. Enumerable.Range(0, random.Next(2, 9)).Select(place => Put(Observation, $"o-{(seed + place) % 23}", seed))],
                        Provenance.None), default);
                    break;
                case 1 when n % 10 == 0:
                    await fixture.Store.WriteAsync(new WriteGroup(
                        [.. Enumerable.Range(0, 120).Select(place => Put(Observation, $"b-{writer}-{n}-{place}", seed))], Provenance.None), default);
                    break;
                case 2:
                    await fixture.WriteAsync(Put(Patient, $"p-{random.Next(5)}", seed, new Precondition.AnyOf([1])));
                    break;
                case 3:
                    await fixture.ExecuteAsync("begin; select nextval('es.seq'); select pg_current_xact_id(); rollback");
                    break;
                default:
                    await fixture.WriteAsync(Put(Patient, $"p-{random.Next(5)}", seed));
                    break;
            }
        }
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

    /// <summary>An event as the write path makes it, as far as the feed is concerned; several statements in one transaction are several commands.</summary>
    private static Task AppendAsync(NpgsqlConnection connection, int rid, int version) => ExecuteAsync(
        connection,
        $"""
        insert into es.event (seq, rid, recorded_at, version, tenant, type, kind, event_id, tx_id, fhir_version, salt, body_commit)
        select nextval('es.seq'), {rid}, clock_timestamp(), {version}, 0, 103, 2, gen_random_uuid(), md5(pg_current_xact_id()::text)::uuid, '4.0', '', ''
        """);
}
