using EventFhir.Postgres.Following;
using EventFhir.Tests;

using Microsoft.Extensions.Logging.Abstractions;

using Npgsql;

using Xunit;

using static EventFhir.PostgresTests.StoreFixture;

namespace EventFhir.PostgresTests.Following;

/// <summary>With a follower that counts the events of each type.</summary>
public sealed class FollowingTheLog(TestCluster cluster)
{
    private const int PageMax = 7;
    private const string Truth = "select coalesce(string_agg(type || '=' || n, ' ' order by type), '') from (select type, count(*) as n from es.feed group by type) t";
    private const string Counted = "select coalesce(string_agg(type || '=' || n, ' ' order by type), '') from public.counted";

    [Fact]
    public async Task Effects_and_checkpoint_move_together_whatever_connection_is_killed()
    {
        await using var fixture = await FilledAsync(300);
        var run = RunOf(fixture, Counting(), "one");
        var (kills, random) = (0, new Random(5));
        for (var isCaughtUp = false; !isCaughtUp;)
        {
            using var stop = new CancellationTokenSource();
            var killing = Task.Run(async () =>
            {
                await Task.Delay(random.Next(8));
                await fixture.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'EventFhir maintenance' and datname = current_database()");
            });
            try
            {
                while (!killing.IsCompleted && !isCaughtUp) isCaughtUp = await run.StepAsync(default) is FollowerStep.CaughtUp or FollowerStep.Idle;
            }
            catch (Exception exception) when (FailureReason.IsOutage(exception))
            {
                kills++;
            }
            await killing;
        }
        Assert.Equal(await fixture.ScalarAsync<string>(Truth), await fixture.ScalarAsync<string>(Counted));
        Assert.Equal(0, (await StatusAsync(fixture)).LagEvents);
        Assert.Equal(ProjectionState.Running, (await StatusAsync(fixture)).State);
        Assert.True(kills > 0, "No page was broken off.");
    }

    [Fact]
    public async Task Of_many_nodes_one_takes_each_page()
    {
        await using var fixture = await FilledAsync(100);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(node => Task.Run(() => RunOf(fixture, Counting(), $"node-{node}").CatchUpAsync(default))));
        Assert.Equal(await fixture.ScalarAsync<string>(Truth), await fixture.ScalarAsync<string>(Counted));
    }

    [Fact]
    public async Task Who_was_away_for_too_long_moves_nothing_any_more()
    {
        await using var fixture = await FilledAsync(50);
        var (late, next) = (RunOf(fixture, Counting(), "late"), RunOf(fixture, Counting(), "next"));
        Assert.Equal(FollowerStep.Worked, await late.StepAsync(default));
        Assert.Equal(FollowerStep.Elsewhere, await next.StepAsync(default));
        await fixture.ExecuteAsync("update es.follower set lease_until = clock_timestamp() - interval '1 ms' where name = 'count'");
        Assert.Equal(FollowerStep.Worked, await next.StepAsync(default));
        Assert.Equal("next", (await StatusAsync(fixture)).Holder);
        Assert.Equal(FollowerStep.Elsewhere, await late.StepAsync(default));
        Assert.Equal(2 * PageMax, (await StatusAsync(fixture)).Position.Position);
        await next.ReleaseAsync(default);
        Assert.Equal(FollowerStep.Worked, await late.StepAsync(default));
    }

    [Fact]
    public async Task An_error_stops_it_where_it_is_and_undoes_the_page()
    {
        await using var fixture = await FilledAsync(30);
        var isBroken = true;
        var follower = Counting() with
        {
            HandleAsync = async (page, token) =>
            {
                var reached = await CountAsync(page, token);
                return isBroken && page.Upto > 20 ? throw new InvalidDataException("event 20 makes no sense") : reached;
            },
        };
        var run = RunOf(fixture, follower, "one");
        Assert.Equal(FollowerStep.Worked, await run.StepAsync(default));
        Assert.Equal(FollowerStep.Worked, await run.StepAsync(default));
        Assert.Equal(FollowerStep.Standing, await run.StepAsync(default));
        var status = await StatusAsync(fixture);
        Assert.Equal(
            (ProjectionState.Stopped, "event 20 makes no sense", 14L, 14L), (status.State, status.Reason, status.FailedAfter!.Value, status.Position.Position));
        Assert.Equal(14, await fixture.ScalarAsync<long>("select sum(n)::bigint from public.counted"));
        Assert.Equal(FollowerStep.Standing, await run.StepAsync(default));
        isBroken = false;
        await new EventFhir.Postgres.Following.Projections(fixture.Database).ResumeAsync("count", default);
        await run.CatchUpAsync(default);
        Assert.Equal(await fixture.ScalarAsync<string>(Truth), await fixture.ScalarAsync<string>(Counted));
        Assert.Null((await StatusAsync(fixture)).Reason);
    }

    [Fact]
    public async Task An_error_of_the_database_is_told_by_its_code_only()
    {
        await using var fixture = await FilledAsync(5);
        var follower = Counting() with
        {
            HandleAsync = async (page, token) =>
            {
                await using var command = new NpgsqlCommand("select 'secret'::int", page.Connection);
                await command.ExecuteNonQueryAsync(token);
                return page.Upto;
            },
        };
        Assert.Equal(FollowerStep.Standing, await RunOf(fixture, follower, "one").StepAsync(default));
        Assert.Equal(PostgresErrorCodes.InvalidTextRepresentation, (await StatusAsync(fixture)).Reason);
    }

    [Fact]
    public async Task It_stands_while_it_is_paused_and_goes_on_after()
    {
        await using var fixture = await FilledAsync(30);
        var (run, projections) = (RunOf(fixture, Counting(), "one"), new EventFhir.Postgres.Following.Projections(fixture.Database));
        Assert.Equal(FollowerStep.Worked, await run.StepAsync(default));
        await projections.PauseAsync("count", default);
        Assert.Equal(FollowerStep.Standing, await run.StepAsync(default));
        Assert.Equal((ProjectionState.Paused, 23L), ((await StatusAsync(fixture)).State, (await StatusAsync(fixture)).LagEvents));
        await projections.ResumeAsync("count", default);
        await run.CatchUpAsync(default);
        Assert.Equal(await fixture.ScalarAsync<string>(Truth), await fixture.ScalarAsync<string>(Counted));
    }

    [Fact]
    public async Task A_rebuild_takes_the_place_of_the_tables_while_they_are_kept_and_read()
    {
        await using var fixture = await FilledAsync(60);
        var run = RunOf(fixture, Counting(), "one");
        await run.CatchUpAsync(default);
        await fixture.ExecuteAsync("update public.counted set n = n + 1000");
        using var stop = new CancellationTokenSource();
        var working = Task.Run(async () =>
        {
            for (var n = 0; !stop.IsCancellationRequested; n++)
            {
                await fixture.WriteAsync(Put(n % 2 == 0 ? Patient : Observation, $"w-{n % 10}", 1_000 + n));
                await fixture.ExecuteAsync("select es.sequence()");
                await run.StepAsync(default);
                Assert.NotEqual("", await fixture.ScalarAsync<string>(Counted));
            }
        });
        var report = await new FollowerRebuild(fixture.Database, Counting()).RunAsync(null, default);
        await stop.CancelAsync();
        await working;
        await run.CatchUpAsync(default);
        Assert.True(report.Resources >= 60);
        Assert.Equal(await fixture.ScalarAsync<string>(Truth), await fixture.ScalarAsync<string>(Counted));
        Assert.True(await fixture.ScalarAsync<bool>("select to_regclass('public.counted_next') is null"));
        Assert.Equal("done", (await StatusAsync(fixture)).Rebuild!.StateName);
    }

    [Fact]
    public async Task A_rebuild_that_fails_leaves_everything_as_it_was()
    {
        await using var fixture = await FilledAsync(60);
        await RunOf(fixture, Counting(), "one").CatchUpAsync(default);
        await fixture.ExecuteAsync("update public.counted set n = n + 1000");
        var before = await fixture.ScalarAsync<string>(Counted);
        var refused = Counting() with { CheckAsync = (_, _) => Task.FromResult<string?>("not like this") };
        await Assert.ThrowsAsync<InvalidDataException>(() => new FollowerRebuild(fixture.Database, refused).RunAsync(null, default));
        Assert.Equal(before, await fixture.ScalarAsync<string>(Counted));
        var status = await StatusAsync(fixture);
        Assert.Equal(("failed", "not like this", ProjectionState.Running), (status.Rebuild!.StateName, status.Rebuild.Reason, status.State));
    }

    [Fact]
    public async Task A_newer_program_makes_everything_anew_and_an_older_one_then_leaves_it_alone()
    {
        await using var fixture = await FilledAsync(40);
        var old = RunOf(fixture, Counting(), "old");
        await old.CatchUpAsync(default);
        await fixture.ExecuteAsync("update public.counted set n = 0");
        await RunOf(fixture, Counting() with { Version = 2 }, "new").CatchUpAsync(default);
        Assert.Equal(await fixture.ScalarAsync<string>(Truth), await fixture.ScalarAsync<string>(Counted));
        await fixture.WriteAsync(Put(Patient, "later", 9));
        await fixture.ExecuteAsync("select es.sequence()");
        Assert.Equal(FollowerStep.Elsewhere, await old.StepAsync(default));
        Assert.Equal(1, (await StatusAsync(fixture)).LagEvents);
    }

    private static Follower Counting() => new("count", Version: 1, PageMax, CountAsync) { Tables = ["public.counted"] };

    private static async Task<long> CountAsync(FollowedPage page, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"""
            insert into public.counted{page.Suffix} as c
            select type, count(*) from es.feed where position > $1 and position <= $2 group by type
            on conflict (type) do update set n = c.n + excluded.n
            """,
            page.Connection)
        {
            Parameters = { new NpgsqlParameter<long> { TypedValue = page.From }, new NpgsqlParameter<long> { TypedValue = page.Upto } },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
        return page.Upto;
    }

    private static FollowerRun RunOf(StoreFixture fixture, Follower follower, string holder) =>
        new(fixture.Database, follower, holder, NullLogger.Instance);

    private static async Task<ProjectionStatus> StatusAsync(StoreFixture fixture) =>
        (await new EventFhir.Postgres.Following.Projections(fixture.Database).StatusAsync(default)).Single(status => status.Name == "count");

    private async Task<StoreFixture> FilledAsync(int events)
    {
        var fixture = await NewAsync(cluster);
        await fixture.ExecuteAsync("create table public.counted (type smallint primary key, n bigint not null)");
        await Task.WhenAll(Enumerable.Range(0, events).Select(n => fixture.WriteAsync(Put(n % 3 == 0 ? Patient : Observation, $"r-{n}", n))));
        await fixture.ExecuteAsync("select es.sequence()");
        return fixture;
    }
}
