using System.Collections.Immutable;
using System.Globalization;
using System.Text;

using EventFhir.Core.Events;
using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Postgres.Reading;
using EventFhir.Postgres.Search;
using EventFhir.Tests;

using Npgsql;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>
/// While others insert, change, delete and bring back, the pages of a search are together what matched when the first was read: each resource once,
/// in order, with the content it had; and the way back shows the same pages. What matched is found out from the log and in memory.
/// </summary>
public sealed class PagingLaw(TestCluster cluster)
{
    private const int Writers = 8;

    /// <summary>EVENTFHIR_PAGING_ROUNDS makes the run longer.</summary>
    private static int Rounds => int.TryParse(Environment.GetEnvironmentVariable("EVENTFHIR_PAGING_ROUNDS"), out var rounds) ? rounds : 40;

    [Fact]
    public async Task Following_the_links_yields_what_matched_at_the_first_page_once_and_as_it_was()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        var seed = int.TryParse(Environment.GetEnvironmentVariable("EVENTFHIR_PAGING_SEED"), out var given) ? given : 20261121;
        var world = new ChangingWorld(seed);
        await fixture.WriteAsync(world.All());
        using var permits = new SemaphoreSlim(0);
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(1, Writers).Select(writer => Task.Run(() => WriteAsync(fixture, new ChangingWorld(seed + writer), permits, stop.Token))).ToList();
        var queries = new ChangingWorld(seed + 1000);
        var generated = new QueryGenerator([.. world.All()], seed);
        var (rounds, changed, pages) = (0, 0, 0);
        for (var asked = 0; rounds < Rounds; asked++)
        {
            Assert.True(asked < Rounds * 20, $"Only {rounds} of {asked} searches had several pages.");
            foreach (var failed in writers.Where(writer => writer.IsFaulted)) await failed;
            var (type, text) = asked % 3 == 0 ? generated.Next() : queries.Query();
            text = string.Join('&', text.Split('&').Where(part => !part.StartsWith("_count=", StringComparison.Ordinal))) + $"&_count={queries.PageSize()}";
            var walk = await Walk.AllAsync(fixture, type, text, permits);
            if (walk is null) continue;
            rounds++;
            pages += walk.Pages.Count;
            if (await walk.CheckAsync(fixture)) changed++;
        }
        await stop.CancelAsync();
        await Task.WhenAll(writers);
        // A law that nothing ever tries to break proves nothing.
        Assert.True(changed > Rounds / 2, $"Only in {changed} of {rounds} rounds had anything changed before the last page.");
        Assert.True(pages > 3 * rounds, $"Only {pages} pages in {rounds} rounds.");
        var rules = new Postgres.Replay.ReplayRules(Release.R4, SearchDefinitions.R4.LayoutOf, SearchFixture.Extract);
        Assert.Empty((await new Postgres.Replay.Verification(fixture.Database, rules).RunAsync(null, default)).Differences);
    }

    /// <summary>As many writes as there are permits, for pages to be read meanwhile and not for the log to grow without end.</summary>
    private static async Task WriteAsync(SearchFixture fixture, ChangingWorld world, SemaphoreSlim permits, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await permits.WaitAsync(stop);
                var resource = world.Any();
                if (world.IsDelete()) await fixture.DeleteAsync(resource);
                else await fixture.WriteAsync(resource);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    /// <summary>The pages of one search, there and back.</summary>
    private sealed record Walk(string Type, string Text, SearchQuery Query, string Snapshot, List<SearchPage> Pages, List<SearchPage> Back)
    {
        /// <summary>Null if there is only one page, which has no link that tells what it saw, or if the search is refused.</summary>
        public static async Task<Walk?> AllAsync(SearchFixture fixture, string type, string text, SemaphoreSlim permits)
        {
            var parsed = SearchFixture.Parse(type, text);
            if (parsed.Refusal is not null) return null;
            var query = parsed.Value;
            List<SearchPage> pages = [await NextAsync(null)], back = [];
            if (pages[0].Next is not { } second) return null;
            while (pages[^1].Next is { } next) pages.Add(await NextAsync(next));
            for (var previous = pages[^1].Previous; previous is not null; previous = back[^1].Previous) back.Add(await NextAsync(previous));
            return new Walk(type, text, query, second.Snapshot, pages, back);

            async Task<SearchPage> NextAsync(SearchCursor? cursor)
            {
                permits.Release(Writers);
                SearchCursor? read = null;
                if (cursor is not null) Assert.True(SearchCursor.TryParse(cursor.ToString(), out read));
                var page = await fixture.SearchAsync(query, read);
                await Task.Yield();
                return page;
            }
        }

        /// <summary>True if the last page had something to hide.</summary>
        public async Task<bool> CheckAsync(SearchFixture fixture)
        {
            var then = await StateAsync(fixture, Snapshot);
            var matcher = new SearchMatcher(Release.R4, SearchFixture.BaseUrl, [.. then.Values.Select(body => SearchFixture.Read(body))]);
            var expected = matcher.Search(Query).Select(resource => $"{resource.Type.Name}/{resource.Id}").ToList();
            var found = Pages.SelectMany(page => page.Matches).ToList();
            var what = $"{Type}?{Uri.UnescapeDataString(Text)} at {Snapshot}";
            if (!Query.Result.Sort.Any(key => key.Code == SearchCatalog.Id))
                AssertSame(expected.Order(StringComparer.Ordinal), found.Select(Name).Order(StringComparer.Ordinal), what);
            else AssertSame(expected, found.Select(Name), what);
            foreach (var match in found) Assert.True(then[Name(match)] == ContentOf(match), $"{what}: {Name(match)} has another content than then.");
            foreach (var page in Pages)
            {
                Assert.True(page.Total is null || page.Total == expected.Count, $"{what}: total {page.Total}, {expected.Count} matched.");
                AssertSame(Included(then, page).Order(StringComparer.Ordinal), page.Included.Select(Name).Order(StringComparer.Ordinal), what + ": included");
                foreach (var included in page.Included) Assert.Equal(then[Name(included)], ContentOf(included));
            }
            Assert.Equal(Pages.Count - 1, Back.Count);
            foreach (var (there, back) in Pages.AsEnumerable().Reverse().Skip(1).Zip(Back))
                AssertSame(there.Matches.Select(match => Name(match) + ContentOf(match)), back.Matches.Select(match => Name(match) + ContentOf(match)), what + ": back");
            return (await StateAsync(fixture, null)).Count != then.Count || (await StateAsync(fixture, null)).Any(now => then.GetValueOrDefault(now.Key) != now.Value);
        }

        private IEnumerable<string> Included(Dictionary<string, string> then, SearchPage page)
        {
            var matches = page.Matches.Select(Name).ToHashSet();
            foreach (var (name, body) in then)
            {
                if (matches.Contains(name)) continue;
                foreach (var include in Query.Result.Includes)
                {
                    // The world's only includes: from an observation to its subject, and the other way round.
                    var isWanted = include.Direction is IncludeDirection.Forward
                        ? page.Matches.Any(match => ContentOf(match).Contains($"\"subject\":{{\"reference\":\"{name}\"}}", StringComparison.Ordinal))
                        : matches.Any(match => body.Contains($"\"subject\":{{\"reference\":\"{match}\"}}", StringComparison.Ordinal));
                    if (!isWanted) continue;
                    yield return name;
                    break;
                }
            }
        }

        private static void AssertSame(IEnumerable<string> expected, IEnumerable<string> found, string what)
        {
            var (wanted, got) = (expected.ToList(), found.ToList());
            if (wanted.SequenceEqual(got)) return;
            var repeated = got.GroupBy(name => name).Where(group => group.Count() > 1).Select(group => group.Key).ToList();
            Assert.Fail($"{what}\n  lost: {Some(wanted.Except(got))}\n  wrong: {Some(got.Except(wanted))}\n  repeated: {Some(repeated)}\n  expected {Some(wanted)}\n  found    {Some(got)}");
        }

        private static string Some(IEnumerable<string> names) => string.Join(' ', names.Take(40));
    }

    /// <summary>All live resources and their content, as the snapshot saw them, or now; straight from the log.</summary>
    private static async Task<Dictionary<string, string>> StateAsync(SearchFixture fixture, string? snapshot)
    {
        await using var connection = new NpgsqlConnection(fixture.Database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            select s.type, s.id, e.body
            from (select distinct on (rid) rid, seq from es.event
                  where $1::text is null or pg_visible_in_snapshot(xid, $1::text::pg_snapshot) order by rid, version desc) n
            join es.stream s on s.rid = n.rid join es.event e on e.seq = n.seq
            where e.kind <> 3
            """, connection)
        {
            Parameters = { new NpgsqlParameter { Value = (object?)snapshot ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text } },
        };
        await using var row = await command.ExecuteReaderAsync();
        var state = new Dictionary<string, string>();
        while (await row.ReadAsync()) state.Add($"{Release.R4.TypeOfNumber(row.GetInt16(0)).Name}/{row.GetString(1)}", row.GetString(2));
        return state;
    }

    private static string Name(StoredVersion version) => $"{version.Key.Type.Name}/{version.Key.Id.Value}";

    private static string ContentOf(StoredVersion version) => Encoding.UTF8.GetString(version.Body.Span);
}
