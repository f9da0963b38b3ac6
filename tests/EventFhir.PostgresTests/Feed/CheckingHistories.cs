using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;

using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Core.Feed;
using EventFhir.Model.Definitions;
using EventFhir.Postgres;
using EventFhir.Postgres.Embedded;
using EventFhir.Postgres.Feed;
using EventFhir.Tests;

using Npgsql;

using Xunit;

using static EventFhir.PostgresTests.StoreFixture;

namespace EventFhir.PostgresTests.Feed;

/// <summary>
/// 16 writers, bundles, large groups, rolled back and slow transactions, three rival sequencers, two followers, and kill -9 of PostgreSQL under all of
/// it. EVENTFHIR_HISTORY_ROUNDS says how often it is killed; 2 by default.
/// </summary>
public sealed class CheckingHistories : IDisposable
{
    private const int Writers = 16;
    private static readonly int Rounds = int.Parse(Environment.GetEnvironmentVariable("EVENTFHIR_HISTORY_ROUNDS") ?? "2", CultureInfo.InvariantCulture);
    private readonly string folder = Path.Combine(Path.GetTempPath(), "eventfhir-cluster-" + Guid.NewGuid().ToString("N")[..8]);
    private readonly ConcurrentBag<WrittenTogether> acknowledged = [];
    private int slowOnes;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Nothing_is_lost_doubled_or_out_of_order_while_the_database_is_killed()
    {
        await using var postgres = await EmbeddedPostgres.StartAsync(new EmbeddedOptions(folder, MemoryMegabytes: 256), default);
        var connection = TestCluster.Patient(postgres.ConnectionString);
        await using var database = new EventDatabase(connection);
        await database.Migrator.ApplyAsync(default);
        using var stop = new CancellationTokenSource();
        List<SeenEvent>[] followers = [[], []];
        var loops = Enumerable.Range(0, 3).Select(_ => Task.Run(() => SequenceAsync(connection, stop.Token))).ToList();
        loops.AddRange(followers.Select(seen => Task.Run(() => FollowAsync(connection, seen, stop.Token))));
        await using (var store = new ResourceStore(database, Release.R4, LayoutOf, new StoreOptions { Lanes = 2 }))
        {
            using var ending = new CancellationTokenSource();
            var writing = Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(store, writer, ending.Token))).ToList();
            writing.AddRange(Enumerable.Range(0, 3).Select(one => Task.Run(() => WriteSlowlyAsync(connection, new Random(one), ending.Token))));
            for (var round = 1; round <= Rounds; round++)
            {
                await UntilAcknowledgedAsync(300);
                await Outage.KillAsync(postgres);
            }
            await UntilAcknowledgedAsync(300);
            await UntilAsync(() => Volatile.Read(ref slowOnes) > 0, "a slow transaction is committed");
            await ending.CancelAsync();
            await Task.WhenAll(writing);
        }
        var head = await new Sequencer(database).SettleAsync(default);
        await UntilAsync(() => Array.TrueForAll(followers, seen => seen.Count >= head.Position), "the followers have come to the head");
        await stop.CancelAsync();
        await Task.WhenAll(loops);

        var whole = new List<SeenEvent>();
        await ReadAsync(new FeedReader(database, Release.R4), whole, head.Position, default);
        Assert.Empty(FeedHistory.Violations(acknowledged, whole).Take(10));
        Assert.Empty(await FeedOrder.ViolationsAsync(database));
        // Whoever followed saw the beginning of the one sequence, in every moment.
        Assert.All(followers, seen => Assert.Equal(whole.Take(seen.Count), seen));
        Assert.Equal(1, head.Epoch);
    }

    private static async Task SequenceAsync(string connectionString, CancellationToken stop)
    {
        await using var database = new EventDatabase(connectionString);
        var sequencer = new Sequencer(database);
        while (!stop.IsCancellationRequested)
            await ThroughOutagesAsync(async () =>
            {
                await sequencer.PassAsync(default);
                await Task.Delay(2, CancellationToken.None);
            });
    }

    private static async Task FollowAsync(string connectionString, List<SeenEvent> seen, CancellationToken stop)
    {
        await using var database = new EventDatabase(connectionString);
        var reader = new FeedReader(database, Release.R4);
        while (!stop.IsCancellationRequested)
            await ThroughOutagesAsync(async () =>
            {
                await ReadAsync(reader, seen, (await reader.StateAsync(1, default)).Head.Position, stop);
                await Task.Delay(5, CancellationToken.None);
            });
    }

    private static async Task ReadAsync(FeedReader reader, List<SeenEvent> seen, long head, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var after = seen.Count == 0 ? 0 : seen[^1].Position;
            var page = await reader.ReadAsync(new FeedQuery(FeedFilter.All, after, 200, FeedBody.None, WithPrevious: false), head, default);
            seen.AddRange(page.Events.Select(e => new SeenEvent(e.Position, e.Key.Id.Value, e.Version)));
            if (!page.IsFull) return;
        }
    }

    private async Task WriteAsync(ResourceStore store, int writer, CancellationToken stop)
    {
        var random = new Random(writer);
        for (var n = 0; !stop.IsCancellationRequested; n++)
        {
            var seed = (n * Writers) + writer;
            ImmutableArray<WriteCommand> commands = random.Next(8) switch
            {
                0 => [.. Enumerable.Range(0, random.Next(2, 7)).Select(place => Put(Observation, $"shared-{(seed + place) % 40}", seed))],
                1 when n % 8 == 0 => [.. Enumerable.Range(0, 110).Select(place => Put(Observation, $"bulk-{writer}-{n}-{place}", seed))],
                2 => [Put(Observation, $"own-{writer}", seed), Put(Observation, "never", seed, new Precondition.AnyOf([99]))],
                3 => [Delete(Observation, $"shared-{random.Next(40)}")],
                _ => [Put(Observation, random.Next(2) == 0 ? $"own-{writer}" : $"shared-{random.Next(10)}", seed)],
            };
            var sent = Stopwatch.GetTimestamp();
            var outcomes = await store.WriteAsync(new WriteGroup(commands, Provenance.None), default);
            var answered = Stopwatch.GetTimestamp();
            var events = outcomes.OfType<WriteOutcome.Appended>().Select(one => (one.Key.Id.Value, one.Version)).ToImmutableArray();
            if (!events.IsEmpty) acknowledged.Add(new WrittenTogether(sent, answered, events));
            if (outcomes[0] is WriteOutcome.Refused { Refusal.Kind: RefusalKind.Unavailable }) await Task.Delay(20, CancellationToken.None);
        }
    }

    /// <summary>Transactions of up to three seconds; a third is rolled back.</summary>
    private async Task WriteSlowlyAsync(string connectionString, Random random, CancellationToken stop)
    {
        for (var n = 0; !stop.IsCancellationRequested; n++)
            await ThroughOutagesAsync(async () =>
            {
                await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
                await connection.OpenAsync(CancellationToken.None);
                await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
                var (name, sent) = ($"slow-{Guid.NewGuid():N}", Stopwatch.GetTimestamp());
                await NakedWriter.AppendAsync(connection, name + "-a");
                await Task.Delay(random.Next(100, 3_000), CancellationToken.None);
                await NakedWriter.AppendAsync(connection, name + "-b");
                if (n % 3 == 2) return;
                await transaction.CommitAsync(CancellationToken.None);
                acknowledged.Add(new WrittenTogether(sent, Stopwatch.GetTimestamp(), [(name + "-a", 1), (name + "-b", 1)]));
                Interlocked.Increment(ref slowOnes);
            });
    }

    private static async Task ThroughOutagesAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception exception) when (exception is NpgsqlException or IOException or TimeoutException or InvalidOperationException)
        {
            await Task.Delay(30, CancellationToken.None);
        }
    }

    private Task UntilAcknowledgedAsync(int more)
    {
        var before = acknowledged.Count;
        return UntilAsync(() => acknowledged.Count >= before + more, "writes are acknowledged");
    }

    private static async Task UntilAsync(Func<bool> isSo, string what)
    {
        for (var patience = Stopwatch.StartNew(); !isSo(); await Task.Delay(5))
            Assert.True(patience.Elapsed < TimeSpan.FromMinutes(5), $"In vain it was awaited that {what}.");
    }
}
