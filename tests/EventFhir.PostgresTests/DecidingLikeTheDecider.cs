using System.Collections.Immutable;
using System.Globalization;

using EventFhir.Core.Events;
using EventFhir.Tests;

using FsCheck;
using FsCheck.Fluent;

using Xunit;

using static EventFhir.PostgresTests.StoreFixture;

namespace EventFhir.PostgresTests;

/// <summary>The law that keeps es.append and <see cref="Decider"/> together: on any history, both decide the same.</summary>
public sealed class DecidingLikeTheDecider(TestCluster cluster)
{
    private static readonly Gen<Precondition> Preconditions = Gen.Frequency(
        (6, Gen.Constant(Precondition.None)),
        (1, Gen.Constant<Precondition>(new Precondition.Absent())),
        (1, Gen.Constant<Precondition>(new Precondition.Present())),
        (1, Gen.Choose(1, 4).Select(version => (Precondition)new Precondition.StillAt(version))),
        (2, Gen.Choose(1, 4).Select(version => (Precondition)new Precondition.AnyOf([version]))),
        (1, Gen.Choose(1, 4).Select(version => (Precondition)new Precondition.AnyOf([version, version + 1, 99]))));

    private static readonly Gen<WriteCommand> Commands =
        from kind in Gen.Frequency((2, Gen.Constant(WriteKind.Create)), (6, Gen.Constant(WriteKind.Update)), (3, Gen.Constant(WriteKind.Delete)))
        from id in Gen.Choose(0, 5)
        from patient in Gen.Choose(0, 3)
        from seed in Gen.Choose(0, 2)
        from precondition in Preconditions
        let type = patient == 0 ? Patient : Observation
        // Ids that are also referred to, so that placeholders are among the keys.
        let name = patient == 0 ? $"subject-{id}" : $"o-{id}"
        select new WriteCommand(
            kind, Key(type, name), kind is WriteKind.Delete ? null : Content(type, name, seed), precondition);

    private static readonly Gen<WriteGroup> Groups =
        from size in Gen.Frequency((4, Gen.Constant(1)), (2, Gen.Choose(2, 5)))
        from commands in Commands.ListOf(size)
        select new WriteGroup([.. commands.DistinctBy(command => command.Key)], Provenance.None);

    [Fact]
    public async Task Sql_and_memory_decide_the_same_on_random_histories()
    {
        await using var fixture = await NewAsync(cluster);
        // Histories follow one another on one store, so that later ones meet versions, deletes and placeholders of earlier ones.
        var heads = new Dictionary<ResourceKey, ResourceHead>();
        var seed = ulong.Parse(Environment.GetEnvironmentVariable("EVENTFHIR_SEED") ?? "20261121", CultureInfo.InvariantCulture);
        foreach (var history in Groups.ListOf(40).Sample(30, new Rnd(seed), 30))
            foreach (var group in history) await DecideBothAsync(fixture, heads, group);
        Assert.Contains(heads.Values, head => head.Version > 5);
        var report = await new Postgres.Replay.Verification(
            fixture.Database, new Postgres.Replay.ReplayRules(Model.Definitions.Release.R4, LayoutOf, Extract)).RunAsync(null, default);
        Assert.Empty(report.Differences);
    }

    private static async Task DecideBothAsync(StoreFixture fixture, Dictionary<ResourceKey, ResourceHead> heads, WriteGroup group)
    {
        var stored = await fixture.Store.WriteAsync(group, default);
        // The time is the database's: it is taken from its answer, everything else must follow.
        var now = stored.OfType<WriteOutcome.Appended>().Select(appended => appended.LastUpdated).DefaultIfEmpty().Max();
        var decided = Decider.Decide(group, key => heads.GetValueOrDefault(key), now);
        Assert.Equal(decided.Select(WithoutTime), stored.Select(WithoutTime));
        foreach (var (command, outcome) in group.Commands.Zip(stored))
            if (outcome is WriteOutcome.Appended appended)
            {
                Assert.True(!heads.TryGetValue(command.Key, out var before) || appended.LastUpdated >= before.LastUpdated);
                heads[command.Key] = new ResourceHead(
                    appended.Version, command.Kind is WriteKind.Delete, appended.LastUpdated, command.Content?.Body.Digest ?? default);
            }
    }

    private static string WithoutTime(WriteOutcome outcome) => outcome switch
    {
        WriteOutcome.Appended appended => $"{appended.Key} appended {appended.Version} {appended.IsNew}",
        WriteOutcome.Unchanged unchanged => $"{unchanged.Key} unchanged {unchanged.Version} {unchanged.IsDeleted} {unchanged.LastUpdated:O}",
        WriteOutcome.Refused refused => $"{refused.Key} {refused.Refusal.Kind} {refused.Refusal.Issues[0].Diagnostics}",
        _ => throw new InvalidOperationException(),
    };
}
