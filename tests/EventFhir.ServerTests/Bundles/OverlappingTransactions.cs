using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

using EventFhir.ServerTests.Running;

using Xunit;

using static EventFhir.ServerTests.Bundles.Bundled;

namespace EventFhir.ServerTests.Bundles;

/// <summary>
/// The law of transactions: however they overlap, none fails by a fault of the server, and every answer is what it would be if they had come one
/// after the other in the order of the log. EVENTFHIR_LAW_SECONDS says how long it is tried; 5 seconds without it.
/// </summary>
public sealed class OverlappingTransactions(RunningServer server) : IClassFixture<RunningServer>
{
    private const int Clients = 16;
    private const int Targets = 8;

    [Fact]
    public async Task Every_outcome_is_explained_by_the_order_of_the_log()
    {
        var seconds = int.Parse(Environment.GetEnvironmentVariable("EVENTFHIR_LAW_SECONDS") ?? "5", CultureInfo.InvariantCulture);
        var ran = (await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => RunAsync(client, TimeSpan.FromSeconds(seconds))))).SelectMany(all => all).ToList();
        // Who was kept from it for 20 seconds, on a slow machine, is asked to try again, and has left nothing.
        ran.RemoveAll(transaction => transaction.Status == 409 && Stopwatch.GetElapsedTime(transaction.Started, transaction.Ended) > Model.Limits.ConditionTimeMax);
        Assert.DoesNotContain(ran, transaction => transaction.Status is not (200 or 412));
        Assert.Contains(ran, transaction => transaction.Status == 412);

        var places = await LogAsync();
        var written = ran.Where(transaction => transaction.Status == 200).OrderBy(transaction => PlaceOf(transaction, places)).ToList();
        var quiet = ran.Where(transaction => transaction.Status == 412).Select(transaction => (transaction, Window: WindowOf(transaction, written))).ToList();
        var (model, versions, explained) = (new SerialModel(), new List<(string, long)>(), new HashSet<OverlappingTransaction>());
        for (var next = 0; next <= written.Count; next++)
        {
            foreach (var (transaction, window) in quiet)
                if (next >= window.First && next <= window.Last && !explained.Contains(transaction) && model.Refuses(transaction)) explained.Add(transaction);
            if (next < written.Count) Assert.Null(model.Apply(written[next], versions));
        }
        Assert.DoesNotContain(quiet, pair => !explained.Contains(pair.transaction));
        Assert.Equal(places.Keys.Order(), versions.Order());
    }

    private async Task<List<OverlappingTransaction>> RunAsync(int client, TimeSpan time)
    {
        var random = new Random(client);
        var (all, seen, started) = (new List<OverlappingTransaction>(), new long[Targets], Stopwatch.GetTimestamp());
        for (var number = 0; Stopwatch.GetElapsedTime(started) < time; number++)
        {
            var acts = ActsOf(random, seen);
            var token = string.Create(CultureInfo.InvariantCulture, $"c{client}n{number}");
            var began = Stopwatch.GetTimestamp();
            var answer = await server.PostAsync("", Transaction([.. acts.Select((act, place) => act.Entry($"{token}e{place.ToString(CultureInfo.InvariantCulture)}"))]));
            var told = answer.Status == 200 ? answer.Json["entry"]!.AsArray().Select(entry => Told.Of(entry!["response"]!)).ToList() : [];
            all.Add(new OverlappingTransaction(acts, answer.Status, told, began, Stopwatch.GetTimestamp()));
            for (var place = 0; place < told.Count; place++)
                if (acts[place].Deed is Deed.Put or Deed.PutMatching) seen[acts[place].Target] = told[place].Version;
        }
        return all;
    }

    /// <summary>Some entries on different targets, and one that always writes, by which the transaction has its place in the log.</summary>
    private static List<Act> ActsOf(Random random, long[] seen)
    {
        Deed[] byId = [Deed.Put, Deed.Put, Deed.Put, Deed.PutMatching, Deed.Delete, Deed.Create];
        Deed[] byCriteria = [Deed.CreateByCriteria, Deed.CreateByCriteria, Deed.PutByCriteria, Deed.DeleteByCriteria];
        var targets = Enumerable.Range(0, Targets).ToArray();
        random.Shuffle(targets);
        var acts = targets.Take(random.Next(2, 6)).Select(target => new Act(byId[random.Next(byId.Length)], target, Math.Max(seen[target], 1))).ToList();
        acts.Add(new Act(Deed.Create, targets[0], 0));
        if (random.Next(3) == 0) acts.Insert(random.Next(acts.Count), new Act(byCriteria[random.Next(byCriteria.Length)], random.Next(3), 0));
        return acts;
    }

    /// <summary>The place of each version in the log.</summary>
    private async Task<Dictionary<(string Key, long Version), int>> LogAsync()
    {
        var places = new Dictionary<(string, long), int>();
        for (string? url = "_history?_count=1000&_sort=_lastUpdated"; url is not null;)
        {
            var page = (await server.GetAsync(url)).Json;
            foreach (var entry in page["entry"]?.AsArray() ?? [])
            {
                var (fullUrl, etag) = (((string)entry!["fullUrl"]!).Split('/'), (string)entry["response"]!["etag"]!);
                places.Add(($"{fullUrl[^2]}/{fullUrl[^1]}", long.Parse(etag[3..^1], CultureInfo.InvariantCulture)), places.Count);
            }
            url = page["link"]!.AsArray().Where(link => (string?)link!["relation"] == "next").Select(link => (string?)link!["url"]).FirstOrDefault();
        }
        return places;
    }

    /// <summary>The first of its versions in the log, those left aside that may be somebody else's: of a delete that found nothing to delete, and of a
    /// create that was needless.</summary>
    private static int PlaceOf(OverlappingTransaction transaction, Dictionary<(string Key, long Version), int> places)
    {
        var first = int.MaxValue;
        for (var place = 0; place < transaction.Acts.Count; place++)
        {
            var (act, told) = (transaction.Acts[place], transaction.Told[place]);
            if (act.Deed is Deed.CreateByCriteria && told.Status == 200) continue;
            if (told.Key is { } key) first = Math.Min(first, places[(key, told.Version)]);
        }
        return first;
    }

    /// <summary>Between which of those that wrote a refused one may have its place: after those that had ended, before those that began later.</summary>
    private static (int First, int Last) WindowOf(OverlappingTransaction transaction, List<OverlappingTransaction> written) => (
        written.FindLastIndex(other => other.Ended < transaction.Started) + 1,
        written.FindIndex(other => other.Started > transaction.Ended) is >= 0 and var later ? later : written.Count);
}
