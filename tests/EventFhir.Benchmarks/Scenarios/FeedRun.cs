using System.Diagnostics;
using System.Globalization;
using System.Text;
using EventFhir.Benchmarks.Data;
using EventFhir.Benchmarks.Load;
using EventFhir.Benchmarks.Report;
using EventFhir.Benchmarks.Workloads;
using Npgsql;

namespace EventFhir.Benchmarks.Scenarios;

/// <summary>
/// <c>feed-catchup</c>: from the first event to the last over HTTP, against B5, the same rows by position through Npgsql. <c>feed-tail</c>: from the
/// answer of a write to its event at a stream, at 500 writes a second. <c>sequencer</c>: creates with the sequencer at work and with its row held.
/// </summary>
public sealed class FeedRun(Bench bench, SampleData data, RunReport report, Func<string, bool> isWanted)
{
    private const int PageEvents = 1_000;
    private const int Rounds = 3;
    private const double TailPerSecond = 500;
    private static readonly TimeSpan RoundDuration = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan TailDuration = TimeSpan.FromSeconds(8);

    public async Task RunAsync()
    {
        if (isWanted("feed-catchup")) await MeasureCatchUpAsync();
        if (isWanted("feed-tail")) await MeasureTailAsync();
        if (isWanted("sequencer")) await MeasureSequencerAsync();
    }

    private async Task MeasureCatchUpAsync()
    {
        var connectionString = await bench.NewDatabaseAsync("loaded");
        await new ImportMeasurement(bench, data, report).RunAsync(connectionString);
        await using var server = await ProgramUnderTest.StartServerAsync(connectionString);
        await using var database = NpgsqlDataSource.Create(connectionString);
        await using (var vacuum = database.CreateCommand("vacuum (analyze) es.feed, es.event")) await vacuum.ExecuteNonQueryAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://{server.Address}") };
        // By turns, so that the machine's mood meets both.
        var (full, none, scans) = (new List<double>(), new List<double>(), new List<double>());
        await ReadFeedAsync(http, "full");
        for (var round = 0; round < Rounds; round++)
        {
            scans.Add(await ScanAsync(database));
            full.Add(await ReadFeedAsync(http, "full"));
            none.Add(await ReadFeedAsync(http, "none"));
        }
        var before = await bench.Meter.ReadAsync(server.ProcessId);
        var events = data.Resources.Length;
        await ReadFeedAsync(http, "full");
        var cost = await bench.Meter.ReadAsync(server.ProcessId) - before;
        var scan = Median(scans);
        Add(new Row("B5 events by position, 1", "SQL", scan));
        Add(new Row(
            "feed-catchup, full bodies, 1", "server", Median(full), Against: "B5", Efficiency: Median(full) / scan,
            ServerCpu: cost.ServerCpu.TotalMicroseconds / events, PostgresCpu: cost.PostgresCpu.TotalMicroseconds / events));
        Add(new Row("feed-catchup, no bodies, 1", "server", Median(none), Against: "B5", Efficiency: Median(none) / scan));
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ReadFeedAsync(http, "full")));
        Add(new Row("feed-catchup, full bodies, 4", "server", 4 * events / Stopwatch.GetElapsedTime(start).TotalSeconds, Against: "B5"));
    }

    /// <summary>Events per second, from the first to the last; every position is checked.</summary>
    private async Task<double> ReadFeedAsync(HttpClient http, string body)
    {
        var (start, events, after) = (Stopwatch.GetTimestamp(), 0L, "e1.0");
        while (true)
        {
            using var page = await http.GetAsync($"/feed?after={after}&limit={PageEvents}&body={body}", HttpCompletionOption.ResponseHeadersRead);
            page.EnsureSuccessStatusCode();
            var text = await page.Content.ReadAsByteArrayAsync();
            var next = page.Headers.GetValues("EventFhir-Next").Single();
            if (text.Length < 2 || text[^1] != (byte)']') throw new InvalidOperationException("A page of the feed is not whole.");
            events = PositionOf(next);
            after = next;
            if (page.Headers.GetValues("EventFhir-Caught-Up").Single() == "true") break;
        }
        if (events < data.Resources.Length) throw new InvalidOperationException($"The feed has {events} events of {data.Resources.Length}.");
        return events / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>B5: the same rows in the same pages, bodies and all, binary.</summary>
    private static async Task<double> ScanAsync(NpgsqlDataSource database)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var scan = new NpgsqlCommand(SqlFile.Read("events-by-position"), connection) { Parameters = { new NpgsqlParameter<long>() } };
        var position = (NpgsqlParameter<long>)scan.Parameters[0];
        await scan.PrepareAsync();
        var (start, last) = (Stopwatch.GetTimestamp(), 0L);
        for (var rows = 1; rows > 0;)
        {
            position.TypedValue = last;
            rows = 0;
            await using var row = await scan.ExecuteReaderAsync();
            for (; await row.ReadAsync(); rows++)
            {
                last = row.GetInt64(0);
                if (!row.IsDBNull(1)) row.GetFieldValue<byte[]>(1);
            }
        }
        return last / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private async Task MeasureTailAsync()
    {
        await using var server = await ProgramUnderTest.StartServerAsync(await bench.NewDatabaseAsync("tail"));
        var url = new Uri($"http://{server.Address}");
        using var http = new HttpClient { BaseAddress = url };
        using var stop = new CancellationTokenSource();
        var received = new Dictionary<string, long>(StringComparer.Ordinal);
        var listening = ListenAsync(url, received, stop.Token);
        var answered = new List<(string Transaction, long At)>();
        var pending = new List<Task>();
        var start = Stopwatch.GetTimestamp();
        for (var number = 0; Stopwatch.GetElapsedTime(start) < TailDuration; number++)
        {
            var due = TimeSpan.FromSeconds(number / TailPerSecond);
            while (Stopwatch.GetElapsedTime(start) < due) await Task.Delay(1);
            pending.Add(WriteAsync(http, answered));
        }
        await Task.WhenAll(pending);
        for (var patience = Stopwatch.StartNew(); patience.Elapsed < TimeSpan.FromSeconds(10) && Count(received) < answered.Count;) await Task.Delay(50);
        await stop.CancelAsync();
        await listening;
        var delays = answered.Skip(answered.Count / 4).Where(one => received.ContainsKey(one.Transaction))
            .Select(one => (received[one.Transaction] - one.At) * 1_000.0 / Stopwatch.Frequency).Order().ToList();
        var missed = answered.Count(one => !received.ContainsKey(one.Transaction));
        Add(new Row(
            "feed-tail at 500 writes/s", "server", answered.Count / TailDuration.TotalSeconds, P50: delays[delays.Count / 2], P99: delays[delays.Count * 99 / 100],
            Max: delays[^1], Note: FormattableString.Invariant($"{missed} missed; from the answer of the write to the event at the reader")));
    }

    private static int Count(Dictionary<string, long> received)
    {
        lock (received) return received.Count;
    }

    private static async Task WriteAsync(HttpClient http, List<(string Transaction, long At)> answered)
    {
        using var content = new ByteArrayContent(CreateObservations.SampleBody());
        content.Headers.ContentType = new("application/fhir+json");
        using var response = await http.PostAsync("/fhir/Observation", content);
        response.EnsureSuccessStatusCode();
        var at = Stopwatch.GetTimestamp();
        lock (answered) answered.Add((response.Headers.GetValues("EventFhir-Tx").Single(), at));
    }

    /// <summary>Notes when each transaction came; a hole ends the measurement.</summary>
    private static async Task ListenAsync(Uri url, Dictionary<string, long> received, CancellationToken stop)
    {
        using var http = new HttpClient { BaseAddress = url };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/feed?after=e1.0&body=none");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(stop), Encoding.UTF8);
        var (last, name) = (0L, "\"eftx\":\"");
        try
        {
            while (await lines.ReadLineAsync(stop) is { } line)
            {
                if (line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    var begin = line.IndexOf(name, StringComparison.Ordinal) + name.Length;
                    lock (received) received.TryAdd(line.Substring(begin, 36), Stopwatch.GetTimestamp());
                    last++;
                }
                else if (line.StartsWith("id: ", StringComparison.Ordinal) && PositionOf(line[4..]) is var position && position != last && position != last + 1)
                    throw new InvalidOperationException($"Position {position} follows {last}.");
            }
        }
        catch (OperationCanceledException)
        {
            // All have come, or patience is at its end.
        }
    }

    /// <summary>By turns on one server: the sequencer works, or waits for its row, which is what a server without it does.</summary>
    private async Task MeasureSequencerAsync()
    {
        var connectionString = await bench.NewDatabaseAsync("sequenced");
        await using var server = await ProgramUnderTest.StartServerAsync(connectionString);
        var with = new Trial(server, new CreateObservations(), 32, bench.Meter);
        var without = new Trial(server, new CreateObservations(), 32, bench.Meter);
        with.WarmUp(RoundDuration);
        for (var round = 0; round < Rounds; round++)
        {
            await with.RunRoundAsync(RoundDuration);
            await using var connection = new NpgsqlConnection(connectionString);
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await using (var hold = new NpgsqlCommand("select from es.sequencer for update", connection, transaction)) await hold.ExecuteNonQueryAsync();
            await without.RunRoundAsync(RoundDuration);
            await transaction.CommitAsync();
            // What was held up is placed before the next round.
            await using var settle = new NpgsqlCommand("select r_more from es.sequence()", connection) { CommandTimeout = 0 };
            while (await settle.ExecuteScalarAsync() is true) { }
        }
        Add(Row.Of("create-observation, sequencer held, 32", without, null, null));
        Add(Row.Of("create-observation, sequencer at work, 32", with, "held", without.PerSecond));
    }

    public static long PositionOf(string cursor) => long.Parse(cursor.AsSpan(cursor.IndexOf('.', StringComparison.Ordinal) + 1), CultureInfo.InvariantCulture);

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private void Add(Row row)
    {
        report.Rows.Add(row);
        Console.Error.WriteLine(FormattableString.Invariant($"{row.Scenario} {row.Program}: {row.PerSecond:0}/s {row.Efficiency:0.00} {row.P50:0.0} {row.P99:0.0} {row.Note}"));
    }
}
