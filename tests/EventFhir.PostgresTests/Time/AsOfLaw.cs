using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

using EventFhir.Core.Events;
using EventFhir.Core.Feed;
using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Feed;
using EventFhir.Postgres.Reading;
using EventFhir.Postgres.Replay;
using EventFhir.Postgres.Search;
using EventFhir.PostgresTests.Search;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.PostgresTests.Time;

/// <summary>
/// The law of time: what a search answers as of a position is the same for ever, to the byte, whatever is written afterwards and after a rebuild;
/// and it is what a store would answer that got the events up to that position, and nothing else.
/// </summary>
public sealed partial class AsOfLaw(TestCluster cluster)
{
    /// <summary>EVENTFHIR_AS_OF_PAIRS and EVENTFHIR_AS_OF_WRITES make the run longer.</summary>
    private static readonly int Pairs = Number("EVENTFHIR_AS_OF_PAIRS", 120);

    private static readonly int Writes = Number("EVENTFHIR_AS_OF_WRITES", 500);

    [Fact]
    public async Task Answers_as_of_a_position_never_change_and_are_those_of_a_store_that_ended_there()
    {
        var seed = Number("EVENTFHIR_AS_OF_SEED", 20261121);
        var (random, world) = (new Random(seed), new ChangingWorld(seed));
        await using var fixture = await SearchFixture.NewAsync(cluster);
        var (sequencer, moments) = (new Sequencer(fixture.Database), new MomentReader(fixture.Database));
        var written = new List<(ImmutableArray<WriteCommand> Group, long LastPosition)>();
        var position = 0L;
        foreach (var resource in world.All()) await WriteAsync([fixture.Put(resource)]);
        for (var write = 0; write < Writes / 2; write++)
        {
            var group = Enumerable.Range(0, random.Next(4) == 0 ? 3 : 1).Select(_ => world.Any()).DistinctBy(resource => (resource.Type, resource.Id));
            await WriteAsync([.. group.Select(resource => world.IsDelete() ? SearchFixture.Delete(resource) : fixture.Put(resource))]);
            // Most batches have several commits, so that positions lie amid them.
            if (random.Next(6) == 0) await sequencer.SettleAsync(default);
        }
        Assert.Equal(position, (await sequencer.SettleAsync(default)).Position);

        var generated = new QueryGenerator([.. world.All()], seed);
        var asked = new List<(string Type, string Text, SearchQuery Query, Moment Moment, string Answer)>();
        while (asked.Count < Pairs)
        {
            var (type, text) = asked.Count % 2 == 0 ? world.Query() : generated.Next();
            if (SearchFixture.Parse(type, text) is not { Refusal: null, Value: var query }) continue;
            var moment = (await moments.FindAsync(new AsOf.Place(new FeedCursor(1, random.NextInt64(position + 1))), default)).Value;
            if (await AllAsync(fixture, query, moment) is { } answer) asked.Add((type, text, query, moment, answer));
        }
        Assert.True(asked.Count(pair => pair.Answer.Length > 200) > Pairs / 3, "Too few of the searches found anything.");
        var ends = written.Select(group => group.LastPosition).Append(0).ToHashSet();
        Assert.All(asked, pair => Assert.Contains(pair.Moment.Cursor.Position, ends));

        var head = position;
        for (var write = 0; write < Writes; write++)
        {
            var resource = world.Any();
            await WriteAsync([world.IsDelete() ? SearchFixture.Delete(resource) : fixture.Put(resource)]);
            if (random.Next(20) == 0) await sequencer.SettleAsync(default);
        }
        Assert.True(position > head + (Writes / 3));
        await SameAsync("after more writes");
        await new Rebuild(fixture.Database, new ReplayRules(Release.R4, SearchDefinitions.R4.LayoutOf, SearchFixture.Extract)).RunAsync(null, default);
        await SameAsync("after a rebuild");
        await FeedAFreshStoreAsync();

        async Task WriteAsync(ImmutableArray<WriteCommand> group)
        {
            var outcomes = await fixture.Store.WriteAsync(new WriteGroup(group, Provenance.None), default);
            position += outcomes.Count(outcome => outcome is WriteOutcome.Appended);
            written.Add((group, position));
        }

        async Task SameAsync(string when)
        {
            foreach (var (type, text, query, moment, answer) in asked)
            {
                var again = (await moments.FindAsync(new AsOf.Place(moment.Cursor), default)).Value;
                Assert.True(answer == await AllAsync(fixture, query, again), $"{type}?{text} as of {moment.Cursor} {when}");
            }
        }

        // One store is fed on and on, and asked at each position about the present.
        async Task FeedAFreshStoreAsync()
        {
            await using var fresh = await SearchFixture.NewAsync(cluster);
            var (next, compared) = (0, 0);
            foreach (var (type, text, query, moment, answer) in asked.OrderBy(pair => pair.Moment.Cursor.Position))
            {
                for (; next < written.Count && written[next].LastPosition <= moment.Cursor.Position; next++)
                    await fresh.Store.WriteAsync(new WriteGroup(written[next].Group, Provenance.None), default);
                // The times at which the fresh store was written are others.
                if (text.Contains("_lastUpdated", StringComparison.Ordinal)) continue;
                compared++;
                Assert.True(
                    Timeless(answer) == Timeless((await AllAsync(fresh, query, moment: null))!), $"{type}?{text} as of {moment.Cursor}, and a fresh store");
            }
            Assert.True(compared > Pairs / 2, $"Only {compared} were compared.");
        }
    }

    /// <summary>Three pages and what they say; null if the search is refused.</summary>
    private static async Task<string?> AllAsync(SearchFixture fixture, SearchQuery query, Moment? moment)
    {
        var text = new StringBuilder();
        var at = moment is null ? null : SearchReader.Begin(moment).Value;
        for (var pages = 0; pages < 3; pages++)
        {
            var read = await fixture.Reader.ReadAsync(query, at, default);
            if (read.Refusal is not null) return null;
            var page = read.Value;
            text.Append(CultureInfo.InvariantCulture, $"total {page.Total}\n");
            foreach (var match in page.Matches) Append("match", match);
            foreach (var match in page.Included) Append("include", match);
            text.AppendJoin(' ', page.Scores);
            if (page.Next is not { } next) break;
            at = next;
        }
        return text.ToString();

        void Append(string what, StoredVersion version) => text.Append(
            CultureInfo.InvariantCulture, $"{what} {version.Key} {version.Version} {version.Kind} {Encoding.UTF8.GetString(version.Body.Span)}\n");
    }

    private static string Timeless(string answer) => Times().Replace(answer, "");

    [GeneratedRegex("\"lastUpdated\":\"[^\"]*\"")]
    private static partial Regex Times();

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
