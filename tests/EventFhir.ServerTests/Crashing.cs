using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>
/// kill -9 of the server and of PostgreSQL in turn, while 32 clients write. EVENTFHIR_CRASH_ROUNDS says how often; 2 by default.
/// </summary>
public sealed class Crashing
{
    private const int Writers = 32;
    private static readonly TimeSpan WritingTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PatienceMax = TimeSpan.FromMinutes(5);
    private static readonly int Rounds = int.Parse(Environment.GetEnvironmentVariable("EVENTFHIR_CRASH_ROUNDS") ?? "2", CultureInfo.InvariantCulture);

    /// <summary>What the server acknowledged: resource id and version, and the family name that was written.</summary>
    private readonly ConcurrentDictionary<(string Id, int Version), string> acknowledged = new();

    [Fact]
    public async Task No_acknowledged_write_is_lost_and_no_version_is_missing()
    {
        using var folder = new TemporaryFolder();
        for (var round = 1; round <= Rounds; round++)
        {
            await using (var server = await EventFhirProcess.ServeAsync(folder.Path, "--log-level", "Critical"))
            {
                if (round % 2 == 1) await WriteUntilServerDiesAsync(server, round);
                else await WriteThroughDatabaseCrashAsync(server, folder, round);
            }
            await using (var server = await EventFhirProcess.ServeAsync(folder.Path))
                await CheckAsync(server);
            var verify = await EventFhirProcess.RunAsync("verify", "--data", folder.Path);
            Assert.True(verify.ExitCode == 0, $"Round {round}: {verify.Output} {verify.Errors}");
        }
        Assert.True(acknowledged.Count > Rounds * Writers, $"Only {acknowledged.Count} writes were acknowledged.");
    }

    private async Task WriteUntilServerDiesAsync(EventFhirProcess server, int round)
    {
        using var stop = new CancellationTokenSource();
        var writers = StartWriters(server, round, stop.Token);
        await UntilWrittenAsync(server);
        await server.KillAsync();
        await stop.CancelAsync();
        await writers;
    }

    private async Task WriteThroughDatabaseCrashAsync(EventFhirProcess server, TemporaryFolder folder, int round)
    {
        using var stop = new CancellationTokenSource();
        var writers = StartWriters(server, round, stop.Token);
        await UntilWrittenAsync(server);
        var before = acknowledged.Count;
        using (var postmaster = Process.GetProcessById(PostmasterOf(folder))) postmaster.Kill();
        await UntilAsync(() => acknowledged.Count > before + Writers, "the server recovers from the crash of its database", server);
        await stop.CancelAsync();
        await writers;
        await FollowersGoOnAsync(server);
        Assert.Equal(0, await server.StopAsync());
    }

    /// <summary>What follows the feed has lost its database too, and catches up without being told.</summary>
    private static async Task FollowersGoOnAsync(EventFhirProcess server)
    {
        using var http = new HttpClient { BaseAddress = server.Url };
        for (var patience = Stopwatch.StartNew(); ; await Task.Delay(100))
        {
            using var response = await http.GetAsync("../admin/projections");
            Assert.True(patience.Elapsed < PatienceMax, $"{response.StatusCode} for too long.");
            // A connection from before the crash may still be in the pool; the server then asks to be asked again.
            if (response.StatusCode is HttpStatusCode.ServiceUnavailable) continue;
            var answer = JsonNode.Parse(await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync())!["projections"]!.AsArray();
            Assert.All(answer, status => Assert.Equal("running", (string?)status!["state"]));
            if (answer.Count > 1 && answer.All(status => (long)status!["lagEvents"]! == 0)) return;
            Assert.True(patience.Elapsed < PatienceMax, $"They are behind: {answer.ToJsonString()}");
        }
    }

    /// <summary>Some seconds, and long enough for what is to be lost to have been acknowledged.</summary>
    private Task UntilWrittenAsync(EventFhirProcess server)
    {
        var (begun, before) = (Stopwatch.StartNew(), acknowledged.Count);
        return UntilAsync(() => begun.Elapsed > WritingTime && acknowledged.Count > before + (2 * Writers), "writes are acknowledged", server);
    }

    private static async Task UntilAsync(Func<bool> isSo, string what, EventFhirProcess server)
    {
        for (var patience = Stopwatch.StartNew(); !isSo(); await Task.Delay(50))
            Assert.True(patience.Elapsed < PatienceMax, $"In vain it was awaited that {what}: {server.Errors}");
    }

    private static int PostmasterOf(TemporaryFolder folder)
    {
        var file = Directory.GetFiles(folder.Path, "postmaster.pid", SearchOption.AllDirectories).Single();
        return int.Parse(File.ReadLines(file).First(), CultureInfo.InvariantCulture);
    }

    private Task StartWriters(EventFhirProcess server, int round, CancellationToken stop) =>
        Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(server.Url, round, writer, stop), CancellationToken.None)));

    // Each writer has resources of its own, half of them shared with its neighbour so that versions race.
    private async Task WriteAsync(Uri url, int round, int writer, CancellationToken stop)
    {
        using var http = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromSeconds(20) };
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            var id = number % 2 == 0 ? $"own-{writer}-{number % 10}" : $"shared-{writer / 2}";
            var family = $"R{round}W{writer}N{number}";
            using var content = new StringContent(Sample.Patient(id, family), mediaType: new("application/fhir+json"));
            try
            {
                using var response = await http.PutAsync($"Patient/{id}", content, stop);
                if (!response.IsSuccessStatusCode)
                {
                    await Task.Delay(100, stop);
                    continue;
                }
                var version = int.Parse(response.Headers.ETag!.Tag.Trim('"'), CultureInfo.InvariantCulture);
                Assert.True(acknowledged.TryAdd((id, version), family), $"Version {version} of {id} was given twice.");
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
            {
                // The server or the client's patience is gone: nothing was acknowledged.
                if (!stop.IsCancellationRequested) await Task.Delay(100, CancellationToken.None);
            }
        }
    }

    private async Task CheckAsync(EventFhirProcess server)
    {
        using var http = new HttpClient { BaseAddress = server.Url };
        foreach (var resource in acknowledged.Keys.Select(key => key.Id).Distinct().ToList())
        {
            var families = new List<string>();
            for (var next = $"Patient/{resource}/_history?_count=1000&_sort=_lastUpdated"; next is not null;)
            {
                var page = JsonNode.Parse(await http.GetStringAsync(next))!;
                foreach (var entry in page["entry"]!.AsArray())
                {
                    Assert.Equal(families.Count + 1, int.Parse((string)entry!["resource"]!["meta"]!["versionId"]!, CultureInfo.InvariantCulture));
                    families.Add((string)entry["resource"]!["name"]![0]!["family"]!);
                }
                next = (string?)page["link"]!.AsArray().FirstOrDefault(link => (string?)link!["relation"] == "next")?["url"];
            }
            foreach (var ((id, version), family) in acknowledged)
                if (id == resource) Assert.Equal(family, version <= families.Count ? families[version - 1] : "missing");
        }
    }
}
