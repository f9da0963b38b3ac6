using EventFhir.Postgres.Conditions;

using Xunit;

namespace EventFhir.PostgresTests.Conditions;

public sealed class TakingTurns
{
    [Fact]
    public async Task Who_wants_the_same_key_waits_and_others_pass()
    {
        var turns = new Turns();
        var first = await turns.TakeAsync([1, 2], default);
        var second = turns.TakeAsync([2, 3], default).AsTask();
        using (await turns.TakeAsync([4], default)) Assert.False(second.IsCompleted);
        first.Dispose();
        (await second).Dispose();
        using (await turns.TakeAsync([3, 2, 1, 1], default)) { }
    }

    [Fact]
    public async Task Who_gives_up_is_passed_over_and_leaves_nothing_held()
    {
        var turns = new Turns();
        using var giving = new CancellationTokenSource();
        var first = await turns.TakeAsync([2], default);
        var second = turns.TakeAsync([1, 2], giving.Token).AsTask();
        var third = turns.TakeAsync([2], default).AsTask();
        await giving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        using (await turns.TakeAsync([1], default)) { }
        first.Dispose();
        (await third).Dispose();
    }

    [Fact]
    public async Task Turns_in_any_order_never_block_each_other()
    {
        var turns = new Turns();
        var inside = new int[8];
        await Task.WhenAll(Enumerable.Range(0, 200).Select(async place =>
        {
            var random = new Random(place);
            long[] keys = [random.Next(8), random.Next(8), random.Next(8)];
            using var turn = await turns.TakeAsync(keys, default);
            foreach (var key in keys.Distinct()) Assert.Equal(1, Interlocked.Increment(ref inside[key]));
            await Task.Yield();
            foreach (var key in keys.Distinct()) Interlocked.Decrement(ref inside[key]);
        }));
    }
}
