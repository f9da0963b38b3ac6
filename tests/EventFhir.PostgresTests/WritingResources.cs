using System.Collections.Immutable;

using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Postgres;
using EventFhir.Tests;

using Xunit;

using static EventFhir.PostgresTests.StoreFixture;

namespace EventFhir.PostgresTests;

public sealed class WritingResources(TestCluster cluster)
{
    [Fact]
    public async Task A_resource_gets_version_1_and_then_2()
    {
        await using var fixture = await NewAsync(cluster);
        var first = Assert.IsType<WriteOutcome.Appended>(await fixture.WriteAsync(Put(Observation, "a", 1)));
        var second = Assert.IsType<WriteOutcome.Appended>(await fixture.WriteAsync(Put(Observation, "a", 2)));
        Assert.Equal((1, true, 2, false), (first.Version, first.IsNew, second.Version, second.IsNew));
        Assert.True(second.LastUpdated >= first.LastUpdated);
    }

    [Fact]
    public async Task The_stored_body_carries_its_version_and_time()
    {
        await using var fixture = await NewAsync(cluster);
        var written = Assert.IsType<WriteOutcome.Appended>(await fixture.WriteAsync(Put(Observation, "a", 1)));
        Assert.Equal(
            "{\"resourceType\":\"Observation\",\"id\":\"a\",\"meta\":{\"versionId\":\"1\",\"lastUpdated\":\"" +
            written.LastUpdated.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture) +
            "\"},\"note\":\"1 é\"}",
            await fixture.ScalarAsync<string>("select body from es.event"));
    }

    [Fact]
    public async Task Equal_content_makes_no_version()
    {
        await using var fixture = await NewAsync(cluster);
        await fixture.WriteAsync(Put(Observation, "a", 1));
        var again = Assert.IsType<WriteOutcome.Unchanged>(await fixture.WriteAsync(Put(Observation, "a", 1)));
        Assert.Equal((1, false), (again.Version, again.IsDeleted));
        Assert.Equal(1, await fixture.ScalarAsync<long>("select count(*) from es.event"));
    }

    [Fact]
    public async Task A_delete_makes_a_version_and_a_second_one_does_not()
    {
        await using var fixture = await NewAsync(cluster);
        await fixture.WriteAsync(Put(Observation, "a", 1));
        Assert.Equal(2, Assert.IsType<WriteOutcome.Appended>(await fixture.WriteAsync(Delete(Observation, "a"))).Version);
        var again = Assert.IsType<WriteOutcome.Unchanged>(await fixture.WriteAsync(Delete(Observation, "a")));
        Assert.Equal((2, true), (again.Version, again.IsDeleted));
        Assert.Equal(0, Assert.IsType<WriteOutcome.Unchanged>(await fixture.WriteAsync(Delete(Observation, "never"))).Version);
        Assert.Equal(0, await fixture.ScalarAsync<long>(
            "select (select count(*) from fhir.x_observation) + (select count(*) from fhir.str_observation) + " +
            "(select count(*) from fhir.ref_observation)"));
    }

    [Fact]
    public async Task A_deleted_resource_comes_back_as_new()
    {
        await using var fixture = await NewAsync(cluster);
        await fixture.WriteAsync(Put(Observation, "a", 1));
        await fixture.WriteAsync(Delete(Observation, "a"));
        var back = Assert.IsType<WriteOutcome.Appended>(await fixture.WriteAsync(Put(Observation, "a", 1)));
        Assert.Equal((3, true), (back.Version, back.IsNew));
        Assert.Equal(1, await fixture.ScalarAsync<long>("select count(*) from fhir.x_observation"));
    }

    [Fact]
    public async Task An_existing_id_is_not_created_again()
    {
        await using var fixture = await NewAsync(cluster);
        await fixture.WriteAsync(Post(Observation, "a", 1));
        var refused = Assert.IsType<WriteOutcome.Refused>(await fixture.WriteAsync(Post(Observation, "a", 2)));
        Assert.Equal(RefusalKind.Conflict, refused.Refusal.Kind);
    }

    [Fact]
    public async Task Of_20_writers_with_the_same_If_Match_one_wins()
    {
        await using var fixture = await NewAsync(cluster, new StoreOptions { Lanes = 3 });
        await fixture.WriteAsync(Put(Observation, "a", 0));
        var outcomes = await Task.WhenAll(Enumerable.Range(1, 20).Select(seed =>
            fixture.WriteAsync(Put(Observation, "a", seed, new Precondition.AnyOf([1])))));
        Assert.Single(outcomes.OfType<WriteOutcome.Appended>());
        Assert.All(outcomes.OfType<WriteOutcome.Refused>(), refused => Assert.Equal(RefusalKind.PreconditionFailed, refused.Refusal.Kind));
    }

    [Fact]
    public async Task Twenty_writers_without_a_condition_make_20_versions()
    {
        await using var fixture = await NewAsync(cluster, new StoreOptions { Lanes = 3 });
        var outcomes = await Task.WhenAll(Enumerable.Range(1, 20).Select(seed => fixture.WriteAsync(Put(Observation, "a", seed))));
        Assert.Equal(
            Enumerable.Range(1, 20).Select(n => (long)n),
            outcomes.Cast<WriteOutcome.Appended>().Select(appended => appended.Version).Order());
    }

    [Fact]
    public async Task A_refused_group_leaves_nothing_and_its_neighbours_go_on()
    {
        await using var fixture = await NewAsync(cluster);
        await fixture.WriteAsync(Put(Observation, "taken", 1));
        var good = Enumerable.Range(0, 5).Select(n => fixture.Store.WriteAsync(One(Put(Observation, $"good-{n}", n)), default)).ToList();
        var bad = fixture.Store.WriteAsync(
            new WriteGroup([Put(Observation, "x", 1), Post(Observation, "taken", 2), Put(Observation, "y", 1)], Provenance.None), default);
        good.AddRange(Enumerable.Range(5, 5).Select(n => fixture.Store.WriteAsync(One(Put(Observation, $"good-{n}", n)), default)));
        Assert.Equal(
            [RefusalKind.GroupRefused, RefusalKind.Conflict, RefusalKind.GroupRefused],
            (await bad).Cast<WriteOutcome.Refused>().Select(refused => refused.Refusal.Kind));
        Assert.All(await Task.WhenAll(good), outcomes => Assert.IsType<WriteOutcome.Appended>(outcomes[0]));
        Assert.Equal(11, await fixture.ScalarAsync<long>("select count(*) from es.event"));
    }

    [Fact]
    public async Task A_group_that_the_database_rejects_does_not_take_others_with_it()
    {
        await using var fixture = await NewAsync(cluster);
        var broken = Put(Observation, "broken", 1);
        var content = broken.Content! with { Body = broken.Content.Body with { Tail = new byte[] { 0xff, 0xfe } } };
        await fixture.WriteAsync(Put(Observation, "first", 1));
        var outcomes = await Task.WhenAll(
            fixture.WriteAsync(Put(Observation, "a", 1)),
            fixture.WriteAsync(broken with { Content = content }),
            fixture.WriteAsync(Put(Observation, "b", 1)));
        Assert.IsType<WriteOutcome.Appended>(outcomes[0]);
        Assert.Equal(RefusalKind.Internal, Assert.IsType<WriteOutcome.Refused>(outcomes[1]).Refusal.Kind);
        Assert.IsType<WriteOutcome.Appended>(outcomes[2]);
    }

    [Fact]
    public async Task The_same_idempotency_key_has_one_effect_and_the_same_outcome()
    {
        await using var fixture = await NewAsync(cluster);
        var sent = new WriteGroup([Post(Observation, "a", 1), Put(Patient, "p", 1)], Provenance.None, "key");
        var first = await fixture.Store.WriteAsync(sent, default);
        var again = await fixture.Store.WriteAsync(sent with { Commands = [Post(Observation, "b", 1), Put(Patient, "p", 1)] }, default);
        Assert.Equal(first.AsEnumerable(), again);
        Assert.Equal(2, await fixture.ScalarAsync<long>("select count(*) from es.event"));
    }

    [Fact]
    public async Task A_refused_group_does_not_use_up_its_idempotency_key()
    {
        await using var fixture = await NewAsync(cluster);
        var stale = One(Put(Observation, "a", 1, new Precondition.AnyOf([1])), "key");
        Assert.IsType<WriteOutcome.Refused>((await fixture.Store.WriteAsync(stale, default))[0]);
        Assert.IsType<WriteOutcome.Appended>((await fixture.Store.WriteAsync(One(Put(Observation, "a", 1), "key"), default))[0]);
    }

    [Fact]
    public async Task Parallel_retries_with_one_idempotency_key_have_one_effect()
    {
        await using var fixture = await NewAsync(cluster, new StoreOptions { Lanes = 3 });
        var outcomes = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(n => fixture.Store.WriteAsync(One(Post(Observation, $"o{n}", n), "key"), default)));
        Assert.Single(outcomes.Select(outcome => outcome[0]).Distinct());
        Assert.Equal(1, await fixture.ScalarAsync<long>("select count(*) from es.event"));
    }

    [Fact]
    public async Task A_reference_keeps_its_rid_when_the_target_arrives()
    {
        await using var fixture = await NewAsync(cluster);
        await fixture.WriteAsync(Put(Observation, "a", 1));
        Assert.Equal(0, await fixture.ScalarAsync<int>("select version from es.stream where id = 'subject-1'"));
        var written = Assert.IsType<WriteOutcome.Appended>(await fixture.WriteAsync(Put(Patient, "subject-1", 3)));
        Assert.Equal((1, true), (written.Version, written.IsNew));
        Assert.True(await fixture.ScalarAsync<bool>(
            "select x.subject = s.rid and s.version = 1 from fhir.x_observation x, es.stream s where s.id = 'subject-1'"));
    }

    [Fact]
    public async Task Index_rows_follow_the_content()
    {
        await using var fixture = await NewAsync(cluster);
        await fixture.WriteAsync(Put(Observation, "a", 4));
        await fixture.WriteAsync(Put(Observation, "a", 8));
        await fixture.WriteAsync(Put(Observation, "b", 8));
        // Replaced and written at once give the same rows.
        foreach (var table in new[] { "x", "ident", "ref", "str", "num", "date", "text" })
            Assert.Equal(0, await fixture.ScalarAsync<long>(
                $"select count(*) from (select to_jsonb(t) - 'rid' - 'since' from fhir.{table}_observation t group by 1 having count(*) <> 2) d"));
    }

    [Fact]
    public async Task Counters_hold_the_totals()
    {
        await using var fixture = await NewAsync(cluster);
        await fixture.WriteAsync(Put(Observation, "a", 1));
        await fixture.WriteAsync(Put(Observation, "a", 2));
        await fixture.WriteAsync(Put(Observation, "b", 2));
        await fixture.WriteAsync(Delete(Observation, "a"));
        Assert.Equal("4 1", await fixture.ScalarAsync<string>("select sum(versions) || ' ' || sum(live) from es.counter"));
    }

    [Fact]
    public async Task A_large_group_is_written_as_one()
    {
        await using var fixture = await NewAsync(cluster);
        ImmutableArray<WriteCommand> commands = [.. Enumerable.Range(0, 1000).Select(n => Put(Observation, $"o-{n}", n))];
        var outcomes = await fixture.Store.WriteAsync(new WriteGroup(commands, Provenance.None), default);
        Assert.Equal(1000, outcomes.OfType<WriteOutcome.Appended>().Count());
        Assert.Equal(1, await fixture.ScalarAsync<long>("select count(distinct tx_id) from es.event"));
    }

    [Fact]
    public async Task A_queue_that_is_full_refuses()
    {
        await using var fixture = await NewAsync(cluster, new StoreOptions { QueueLengthMax = 2 });
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 200).Select(n => fixture.WriteAsync(Put(Observation, $"o-{n}", n))));
        Assert.Contains(outcomes, outcome => outcome is WriteOutcome.Refused { Refusal.Kind: RefusalKind.TooBusy });
        Assert.Contains(outcomes, outcome => outcome is WriteOutcome.Appended);
    }
}
