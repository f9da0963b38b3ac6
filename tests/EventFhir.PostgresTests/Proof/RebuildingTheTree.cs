using EventFhir.Postgres.Following;
using EventFhir.Postgres.Proof;
using EventFhir.Model.Definitions;
using EventFhir.Tests;

using Xunit;

using static EventFhir.PostgresTests.StoreFixture;

namespace EventFhir.PostgresTests.Proof;

public sealed class RebuildingTheTree(TestCluster cluster)
{
    [Fact]
    public async Task Damaged_tiles_are_made_anew_and_old_checkpoints_hold()
    {
        await using var fixture = await ProofFixture.FilledAsync(cluster);
        var before = await fixture.CheckpointAsync();
        await fixture.Store.ExecuteAsync("update es.tile set hashes = sha256(hashes)");
        Assert.NotEmpty((await fixture.VerifyAsync()).Differences);
        await RebuildAsync(fixture);
        Assert.Empty((await fixture.VerifyAsync()).Differences);
        Assert.Equal(before, await fixture.CheckpointAsync());
        await fixture.Store.WriteAsync(Put(Patient, "later", 1));
        await fixture.SettleAsync();
        Assert.Equal(before.Size + 1, (await fixture.CheckpointAsync()).Size);
        Assert.Empty((await fixture.VerifyAsync()).Differences);
    }

    [Fact]
    public async Task A_log_that_is_not_the_one_that_was_signed_gets_no_tree()
    {
        await using var fixture = await ProofFixture.FilledAsync(cluster);
        await fixture.Store.ExecuteAsync("update es.event set actor = 'Practitioner/wilson' where seq = 5");
        var refusal = await Assert.ThrowsAsync<InvalidDataException>(() => RebuildAsync(fixture));
        Assert.Contains("not the one that was signed", refusal.Message, StringComparison.Ordinal);
        Assert.Contains((await fixture.VerifyAsync()).Differences, difference => difference.What.Contains("not the one that the tree has", StringComparison.Ordinal));
    }

    private static Task RebuildAsync(ProofFixture fixture) =>
        new FollowerRebuild(fixture.Store.Database, new TreeIntegrator(Release.R4, fixture.Signers, TimeSpan.Zero).Follower).RunAsync(null, default);
}
