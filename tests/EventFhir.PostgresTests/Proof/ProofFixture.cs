using EventFhir.Core.Events;
using EventFhir.Core.Proof;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Following;
using EventFhir.Postgres.Proof;
using EventFhir.Postgres.Replay;
using EventFhir.Tests;

using Microsoft.Extensions.Logging.Abstractions;

using static EventFhir.PostgresTests.StoreFixture;

namespace EventFhir.PostgresTests.Proof;

/// <summary>A store whose events are placed and taken into the tree when the test says so.</summary>
internal sealed class ProofFixture : IAsyncDisposable
{
    public static readonly ReplayRules Rules = new(Release.R4, LayoutOf, Extract);

    private ProofFixture(StoreFixture store, LogSigners signers) => (Store, Signers, Reader) = (store, signers, new ProofReader(store.Database, Release.R4));

    public StoreFixture Store { get; }
    public LogSigners Signers { get; }
    public ProofReader Reader { get; }

    public static async Task<ProofFixture> NewAsync(TestCluster cluster)
    {
        var store = await StoreFixture.NewAsync(cluster);
        return new ProofFixture(store, await LogSigners.OpenAsync(store.Database, [NoteSigner.NewPem()], default));
    }

    /// <summary>With creates, updates, deletes, a group, and facts on who made them.</summary>
    /// <param name="before">SQL that is run while the log is still empty; null for none.</param>
    public static async Task<ProofFixture> FilledAsync(TestCluster cluster, string? before = null)
    {
        var fixture = await NewAsync(cluster);
        if (before is not null) await fixture.Store.ExecuteAsync(before);
        var provenance = Provenance.None with { Actor = "Practitioner/house", Client = "ward-app", Reason = "never lupus", Purpose = "TREAT" };
        for (var n = 0; n < 12; n++)
            await fixture.Store.Store.WriteAsync(new WriteGroup([Put(n % 2 == 0 ? Observation : Patient, $"r-{n}", n)], provenance, null), default);
        await fixture.Store.Store.WriteAsync(new WriteGroup([Put(Observation, "r-0", 100), Put(Observation, "r-2", 101)], provenance, null), default);
        await fixture.Store.WriteAsync(Put(Observation, "r-0", 102));
        await fixture.Store.WriteAsync(Delete(Patient, "r-1"));
        await fixture.Store.WriteAsync(Put(Patient, "r-1", 103));
        await fixture.SettleAsync();
        return fixture;
    }

    /// <summary>Places what is committed and takes it into the tree.</summary>
    public async Task SettleAsync()
    {
        await Store.ExecuteAsync("select es.sequence(); select es.sequence()");
        await IntegrateAsync();
    }

    public Task<FollowerStep> IntegrateAsync() => IntegrateAsync(Signers, TimeSpan.Zero);

    /// <summary>A pass as somebody who has not been seen before.</summary>
    public async Task<FollowerStep> IntegrateAsync(LogSigners signers, TimeSpan interval)
    {
        var tree = new TreeIntegrator(Release.R4, signers, interval).Follower;
        var run = new FollowerRun(Store.Database, tree, Guid.NewGuid().ToString(), NullLogger.Instance);
        var step = await run.StepAsync(default);
        await run.ReleaseAsync(default);
        return step;
    }

    public Task<VerificationReport> VerifyAsync() => new Verification(Store.Database, Rules).RunAsync(null, default);

    public async Task<Checkpoint> CheckpointAsync() => Checkpoint.Parse(SignedNote.Parse((await Reader.CheckpointAsync(default))!)!.Text)!;

    public async ValueTask DisposeAsync()
    {
        Signers.Dispose();
        await Store.DisposeAsync();
    }
}
