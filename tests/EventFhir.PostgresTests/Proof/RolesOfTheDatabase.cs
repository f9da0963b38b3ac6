using EventFhir.Core.Events;
using EventFhir.Core.Proof;
using EventFhir.Model.Definitions;
using EventFhir.Postgres;
using EventFhir.Postgres.Erasing;
using EventFhir.Postgres.Feed;
using EventFhir.Postgres.Following;
using EventFhir.Postgres.Proof;
using EventFhir.Postgres.Reading;
using EventFhir.Postgres.Replay;
using EventFhir.Tests;

using Microsoft.Extensions.Logging.Abstractions;

using Npgsql;

using Xunit;

using static EventFhir.PostgresTests.StoreFixture;

namespace EventFhir.PostgresTests.Proof;

/// <summary>es.grant_roles: a server that cannot rewrite history does everything that it has to do.</summary>
public sealed class RolesOfTheDatabase(TestCluster cluster)
{
    [Fact]
    public async Task The_role_of_the_server_serves_and_can_change_nothing_of_the_log()
    {
        await using var owner = await ProofFixture.NewAsync(cluster);
        await using var server = await RestrictAsync(owner.Store);
        Assert.Empty(await server.Database.Migrator.ApplyAsync(default));
        for (var n = 0; n < 5; n++) Assert.IsType<WriteOutcome.Appended>(await server.WriteAsync(Put(Observation, $"o-{n % 3}", n)));
        Assert.IsType<WriteOutcome.Appended>(await server.WriteAsync(Put(Patient, "p", 7)));
        Assert.NotNull(await new ResourceReader(server.Database).ReadAsync(Key(Observation, "o-1"), default));
        await server.ExecuteAsync("select es.ensure_partitions(50000000)");
        await new Sequencer(server.Database).SettleAsync(default);
        using var signers = await LogSigners.OpenAsync(server.Database, [NoteSigner.NewPem()], default);
        var tree = new TreeIntegrator(Release.R4, signers, TimeSpan.Zero).Follower;
        await new FollowerRun(server.Database, tree, "server", NullLogger.Instance).CatchUpAsync(default);
        Assert.Equal(6, await owner.Store.ScalarAsync<long>("select position from es.follower where name = 'tree'"));
        await new Rebuild(server.Database, ProofFixture.Rules).RunAsync(null, default);
        Assert.IsType<WriteOutcome.Appended>(await server.WriteAsync(Put(Observation, "o-9", 9)));
        Assert.Empty((await new Verification(server.Database, ProofFixture.Rules).RunAsync(null, default)).Differences);

        foreach (var statement in (string[])
        [
            "update es.event set body = '{}'", "update es.event set body = null", "update es.event set salt = null", "update es.event set actor = 'x'",
            "delete from es.event", "truncate es.event", "drop table es.event", "alter table es.event add column x int",
            "update es.feed set seq = seq", "delete from es.feed", "update es.feed_batch set epoch = 1", "delete from es.epoch",
            "update es.checkpoint set note = ''", "delete from es.checkpoint", "delete from es.proof_key", "delete from es.migration",
            "create table es.mine (x int)", "alter function es.erase(uuid, bigint, text, text, text, text, text, uuid, uuid, text) rename to x",
        ])
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, (await Assert.ThrowsAsync<PostgresException>(() => server.ExecuteAsync(statement))).SqlState);
    }

    [Fact]
    public async Task It_erases_by_the_function_only_whose_role_may_change_nothing_but_the_content()
    {
        await using var owner = await ProofFixture.NewAsync(cluster);
        await using var server = await RestrictAsync(owner.Store);
        await server.WriteAsync(Put(Patient, "p", 1));
        await server.WriteAsync(Put(Patient, "p", 2));
        var eraser = new Eraser(server.Database, server.Store, Release.R4);
        var resource = (await eraser.FindAsync(Key(Patient, "p"), default))!;
        var request = await eraser.RequestAsync(resource, "Art. 17", "ann", default);
        var outcome = await eraser.ApproveAsync(resource, request, Provenance.None with { Actor = "ben" }, default);
        Assert.Null(outcome.Refusal);
        Assert.Equal(0, await owner.Store.ScalarAsync<long>("select count(*) from es.event where kind <> 5 and (body is not null or salt is not null)"));
        Assert.Equal("ben for ann: Art. 17", await owner.Store.ScalarAsync<string>("select actor || ' for ' || on_behalf_of || ': ' || reason from es.event where kind = 5"));

        var role = await owner.Store.ScalarAsync<string>("select proowner::regrole::text from pg_proc where proname = 'erase'");
        await owner.Store.ExecuteAsync($"set role {role}; update es.event set body = null, salt = null, digest = null");
        foreach (var statement in (string[])["update es.event set actor = 'x'", "update es.event set body_commit = ''", "delete from es.event", "update es.feed set seq = seq"])
            Assert.Equal(
                PostgresErrorCodes.InsufficientPrivilege,
                (await Assert.ThrowsAsync<PostgresException>(() => owner.Store.ExecuteAsync($"set role {role}; {statement}"))).SqlState);
    }

    private static async Task<StoreFixture> RestrictAsync(StoreFixture owner)
    {
        var name = $"server_{Guid.NewGuid():N}"[..20];
        await owner.ExecuteAsync(
            $"create role {name} login password 'pw'; create role {name}_eraser; select es.grant_roles('{name}', '{name}_eraser')");
        return On(new NpgsqlConnectionStringBuilder(owner.Database.ConnectionString) { Username = name, Password = "pw" }.ConnectionString);
    }
}
