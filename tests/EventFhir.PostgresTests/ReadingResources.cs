using System.Text;

using EventFhir.Core.Events;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Reading;
using EventFhir.Tests;

using Xunit;

using static EventFhir.PostgresTests.StoreFixture;

namespace EventFhir.PostgresTests;

public sealed class ReadingResources(TestCluster cluster)
{
    [Fact]
    public async Task The_current_version_is_read_with_its_exact_text()
    {
        await using var fixture = await NewAsync(cluster);
        await fixture.WriteAsync(Put(Observation, "a", 1));
        await fixture.WriteAsync(Put(Observation, "a", 2));
        var read = await new ResourceReader(fixture.Database).ReadAsync(Key(Observation, "a"), default);
        Assert.Equal((2, VersionKind.Updated), (read!.Version, read.Kind));
        Assert.EndsWith("\"note\":\"2 é\"}", Encoding.UTF8.GetString(read.Body.Span), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Old_versions_stay_readable()
    {
        await using var fixture = await NewAsync(cluster);
        await fixture.WriteAsync(Post(Observation, "a", 1));
        await fixture.WriteAsync(Delete(Observation, "a"));
        await fixture.WriteAsync(Put(Observation, "a", 3));
        var reader = new ResourceReader(fixture.Database);
        var kinds = new List<VersionKind?>();
        for (var version = 0; version <= 4; version++) kinds.Add((await reader.ReadVersionAsync(Key(Observation, "a"), version, default))?.Kind);
        Assert.Equal([null, VersionKind.Created, VersionKind.Deleted, VersionKind.CreatedByUpdate, null], kinds);
    }

    [Fact]
    public async Task A_key_that_is_only_referred_to_reads_as_nothing()
    {
        await using var fixture = await NewAsync(cluster);
        await fixture.WriteAsync(Put(Observation, "a", 1));
        Assert.Null(await new ResourceReader(fixture.Database).ReadAsync(Key(Patient, "subject-1"), default));
        Assert.Null(await new ResourceReader(fixture.Database).ReadAsync(Key(Patient, "nobody"), default));
    }

    [Fact]
    public async Task Histories_go_from_newest_to_oldest_and_count()
    {
        await using var fixture = await FilledAsync();
        var history = new HistoryReader(fixture.Database, Release.R4);
        await Expect(new HistoryScope.Instance(Key(Observation, "a")), 3, "a3 a2 a1");
        await Expect(new HistoryScope.OfType(Observation), 4, "a3 b1 a2 a1");
        await Expect(new HistoryScope.OfSystem(), 5, "a3 b1 a2 p1 a1");
        await Expect(new HistoryScope.Instance(Key(Observation, "nobody")), 0, "");

        async Task Expect(HistoryScope scope, long total, string entries)
        {
            var page = await history.ReadAsync(new HistoryQuery(scope, 10), default);
            Assert.Equal((total, entries), (page.Total, Names(page)));
            Assert.Null(page.Next);
            var reversed = await history.ReadAsync(new HistoryQuery(scope, 10) { Order = HistoryOrder.OldestFirst }, default);
            Assert.Equal(string.Join(' ', entries.Split(' ').Reverse()), Names(reversed));
        }
    }

    [Fact]
    public async Task Time_bounds_filter()
    {
        await using var fixture = await FilledAsync();
        var history = new HistoryReader(fixture.Database, Release.R4);
        var all = (await history.ReadAsync(new HistoryQuery(new HistoryScope.OfSystem(), 10), default)).Entries;
        var a2 = all.Single(entry => entry.Key.Id.Value == "a" && entry.Version == 2).LastUpdated;
        var scope = new HistoryQuery(new HistoryScope.OfSystem(), 10);
        Assert.Equal("a3 b1 a2", Names(await history.ReadAsync(scope with { Since = a2 }, default)));
        Assert.Equal("p1 a1", Names(await history.ReadAsync(scope with { Before = a2 }, default)));
        // At that instant a2 and p1 were current, and a1 no longer.
        Assert.Equal("a2 p1", Names(await history.ReadAsync(scope with { AtFrom = a2, AtBefore = a2.AddMilliseconds(1) }, default)));
        Assert.Equal(3, (await history.ReadAsync(scope with { Since = a2, Count = 1 }, default)).Total);
    }

    [Fact]
    public async Task Count_zero_gives_the_total_only()
    {
        await using var fixture = await FilledAsync();
        var page = await new HistoryReader(fixture.Database, Release.R4).ReadAsync(new HistoryQuery(new HistoryScope.OfSystem(), 0), default);
        Assert.Equal((5L, 0, null), (page.Total, page.Entries.Length, page.Next));
    }

    [Theory]
    [InlineData(HistoryOrder.NewestFirst)]
    [InlineData(HistoryOrder.OldestFirst)]
    public async Task Pages_stay_stable_while_others_write(HistoryOrder order)
    {
        await using var fixture = await NewAsync(cluster);
        for (var n = 0; n < 50; n++) await fixture.WriteAsync(Put(Observation, $"o-{n % 10}", n));
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            for (var n = 100; !stop.IsCancellationRequested; n++) await fixture.WriteAsync(Put(Observation, $"o-{n % 10}", n));
        });
        var history = new HistoryReader(fixture.Database, Release.R4);
        var query = new HistoryQuery(new HistoryScope.OfType(Observation), 7) { Order = order };
        var seen = new List<string>();
        var first = await history.ReadAsync(query, default);
        for (var page = first; ; page = await history.ReadAsync(query with { After = page.Next }, default))
        {
            seen.AddRange(page.Entries.Select(entry => $"{entry.Key}/{entry.Version}"));
            Assert.Equal(first.Total, page.Total);
            if (page.Next is null) break;
            Assert.True(HistoryCursor.TryParse(page.Next.ToString(), out var parsed));
            Assert.Equal(page.Next, parsed);
        }
        await stop.CancelAsync();
        await writing;
        Assert.Equal(first.Total, seen.Count);
        Assert.Equal(seen.Count, seen.Distinct().Count());
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1..")]
    [InlineData("1..5:4:")]
    [InlineData("1..0:4:")]
    [InlineData("1..1:9:7,3")]
    [InlineData("1..1:9:12")]
    [InlineData("-1..1:9:")]
    [InlineData("1.x.1:9:")]
    [InlineData("1..1:9:'")]
    public void A_forged_cursor_is_not_accepted(string text) => Assert.False(HistoryCursor.TryParse(text, out _));

    private async Task<StoreFixture> FilledAsync()
    {
        var fixture = await NewAsync(cluster);
        WriteCommand[] commands =
            [Put(Observation, "a", 1), Put(Patient, "p", 1), Put(Observation, "a", 2), Put(Observation, "b", 1), Delete(Observation, "a")];
        foreach (var command in commands)
        {
            await fixture.WriteAsync(command);
            await Task.Delay(3);
        }
        return fixture;
    }

    private static string Names(HistoryPage page) => string.Join(' ', page.Entries.Select(entry => $"{entry.Key.Id}{entry.Version}"));
}
