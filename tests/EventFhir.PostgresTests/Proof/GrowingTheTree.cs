using EventFhir.Core.Proof;
using EventFhir.Postgres.Proof;
using EventFhir.Tests;

using Xunit;

using static EventFhir.PostgresTests.StoreFixture;

namespace EventFhir.PostgresTests.Proof;

public sealed class GrowingTheTree(TestCluster cluster)
{
    [Fact]
    public async Task Without_events_there_is_no_checkpoint_and_without_new_ones_no_new_one()
    {
        await using var fixture = await ProofFixture.NewAsync(cluster);
        await fixture.SettleAsync();
        Assert.Null(await fixture.Reader.CheckpointAsync(default));
        await fixture.Store.WriteAsync(Put(Patient, "p", 1));
        await fixture.SettleAsync();
        var note = await fixture.Reader.CheckpointAsync(default);
        await fixture.SettleAsync();
        Assert.Equal(note, await fixture.Reader.CheckpointAsync(default));
        Assert.Equal(1, await fixture.Store.ScalarAsync<long>("select count(*) from es.checkpoint"));
    }

    [Fact]
    public async Task Every_event_is_proven_and_every_checkpoint_continues_the_one_before()
    {
        await using var fixture = await ProofFixture.NewAsync(cluster);
        var checkpoints = new List<Checkpoint>();
        for (var round = 0; round < 8; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, round * 20).Select(n => fixture.Store.WriteAsync(Put(Observation, $"o-{n}", (round * 1_000) + n))));
            await fixture.Store.WriteAsync(Put(Patient, "p", round));
            await fixture.SettleAsync();
            checkpoints.Add(await fixture.CheckpointAsync());
        }
        var last = checkpoints[^1];
        Assert.Equal(568, last.Size);
        for (var position = 1L; position <= last.Size; position++)
        {
            var proof = await fixture.Reader.InclusionAsync(position, default);
            Assert.True(ProofCheck.Includes(proof!.Leaf.Hash(), position - 1, last.Size, proof.Path, last.Root), $"position {position}");
            Assert.True(SignedNote.Parse(proof.Note)!.IsSignedBy(await fixture.Reader.KeysAsync(default)));
        }
        foreach (var (before, after) in checkpoints.Zip(checkpoints.Skip(1)))
        {
            var path = await fixture.Reader.ConsistencyAsync(before.Size, after.Size, default);
            Assert.True(ProofCheck.Continues(before.Size, before.Root, after.Size, after.Root, path!.Value));
        }
        Assert.Null(await fixture.Reader.InclusionAsync(last.Size + 1, default));
        Assert.Null(await fixture.Reader.ConsistencyAsync(1, last.Size + 1, default));
        Assert.Empty((await fixture.VerifyAsync()).Differences);
    }

    [Fact]
    public async Task Rivals_take_each_event_in_once()
    {
        await using var fixture = await ProofFixture.NewAsync(cluster);
        var writing = Task.Run(async () =>
        {
            for (var n = 0; n < 300; n++) await fixture.Store.WriteAsync(Put(Observation, $"o-{n % 50}", n));
        });
        var rivals = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!writing.IsCompleted)
            {
                await fixture.Store.ExecuteAsync("select es.sequence()");
                await fixture.IntegrateAsync();
            }
        }));
        await Task.WhenAll([writing, .. rivals]);
        await fixture.SettleAsync();
        Assert.Equal(300, (await fixture.CheckpointAsync()).Size);
        Assert.Empty((await fixture.VerifyAsync()).Differences);
    }

    [Fact]
    public async Task Checkpoints_are_not_signed_more_often_than_asked()
    {
        await using var fixture = await ProofFixture.NewAsync(cluster);
        for (var n = 0; n < 3; n++)
        {
            await fixture.Store.WriteAsync(Put(Patient, "p", n));
            await fixture.Store.ExecuteAsync("select es.sequence()");
            await fixture.IntegrateAsync(fixture.Signers, TimeSpan.FromHours(1));
        }
        Assert.Equal(1, (await fixture.CheckpointAsync()).Size);
        await fixture.SettleAsync();
        Assert.Equal(3, (await fixture.CheckpointAsync()).Size);
    }

    [Fact]
    public async Task A_key_that_is_replaced_leaves_old_checkpoints_provable()
    {
        await using var fixture = await ProofFixture.NewAsync(cluster);
        await fixture.Store.WriteAsync(Put(Patient, "p", 1));
        await fixture.SettleAsync();
        using var next = await LogSigners.OpenAsync(fixture.Store.Database, [NoteSigner.NewPem()], default);
        await fixture.Store.WriteAsync(Put(Patient, "p", 2));
        await fixture.Store.ExecuteAsync("select es.sequence()");
        await fixture.IntegrateAsync(next, TimeSpan.Zero);
        var keys = await fixture.Reader.KeysAsync(default);
        Assert.Equal(2, keys.Length);
        var note = SignedNote.Parse((await fixture.Reader.CheckpointAsync(default))!)!;
        Assert.True(note.IsSignedBy([next.All[0].Key]));
        Assert.False(note.IsSignedBy([fixture.Signers.All[0].Key]));
        Assert.Empty((await fixture.VerifyAsync()).Differences);
    }

    [Fact]
    public async Task A_log_that_was_rewound_goes_on_under_another_origin()
    {
        await using var fixture = await ProofFixture.FilledAsync(cluster);
        var before = await fixture.CheckpointAsync();
        await fixture.Store.ExecuteAsync("select es.open_epoch('the test rewound it')");
        await fixture.Store.WriteAsync(Put(Patient, "later", 1));
        await fixture.SettleAsync();
        var after = await fixture.CheckpointAsync();
        Assert.Equal((before.Origin[..^1] + "2", before.Size + 1), (after.Origin, after.Size));
        Assert.Empty((await fixture.VerifyAsync()).Differences);
    }

    [Fact]
    public async Task Tiles_and_entries_are_served_at_every_width_there_has_been()
    {
        await using var fixture = await ProofFixture.FilledAsync(cluster);
        var size = (int)(await fixture.CheckpointAsync()).Size;
        var whole = (await fixture.Reader.TileAsync(new TileAddress(0, 0), size, default))!;
        for (var width = 1; width <= size; width++)
        {
            Assert.True((await fixture.Reader.TileAsync(new TileAddress(0, 0), width, default))!.AsSpan().SequenceEqual(whole.AsSpan(0, width * 32)));
            var entries = (await fixture.Reader.EntriesAsync(0, width, default))!;
            var hashes = new List<TreeHash>();
            for (var place = 0; place < entries.Length;)
            {
                var length = (entries[place] * 256) + entries[place + 1];
                hashes.Add(TreeHash.OfLeaf(entries.AsSpan(place + 2, length)));
                place += 2 + length;
            }
            Assert.Equal(Enumerable.Range(0, width).Select(leaf => TreeHash.Read(whole.AsSpan(leaf * 32))), hashes);
        }
        Assert.Null(await fixture.Reader.TileAsync(new TileAddress(0, 0), size + 1, default));
        Assert.Null(await fixture.Reader.TileAsync(new TileAddress(1, 0), 1, default));
        Assert.Null(await fixture.Reader.EntriesAsync(0, size + 1, default));
    }
}
