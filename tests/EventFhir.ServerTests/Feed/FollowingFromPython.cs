using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests.Feed;

/// <summary>docs/recipes/follow-feed.py fills its SQLite database while it, the server and PostgreSQL are killed in turn.</summary>
public sealed class FollowingFromPython
{
    private const int Writers = 8;
    private static readonly TimeSpan PatienceMax = TimeSpan.FromMinutes(5);
    private readonly ConcurrentDictionary<(string Subject, int Version), bool> acknowledged = new();

    [Fact]
    public async Task Every_acknowledged_write_arrives_once_and_in_order_whatever_is_killed()
    {
        using var folder = new TemporaryFolder();
        var copy = Path.Combine(folder.Path, "feed.db");
        var server = await EventFhirProcess.ServeAsync(folder.Path, "--log-level", "Critical");
        var url = server.Url;
        string[] again = ["--log-level", "Critical", "--port", url.Port.ToString(CultureInfo.InvariantCulture)];
        var consumer = Start("follow-feed.py", url.GetLeftPart(UriPartial.Authority), copy);
        using var stop = new CancellationTokenSource();
        var writing = Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(url, writer, stop.Token))).ToList();
        try
        {
            await UntilAsync(() => acknowledged.Count >= 100, "writes are acknowledged");
            consumer.Kill();
            await consumer.WaitForExitAsync();
            consumer = Start("follow-feed.py", url.GetLeftPart(UriPartial.Authority), copy);
            await AfterAsync(60);
            using (var postmaster = Process.GetProcessById(PostmasterOf(folder))) postmaster.Kill();
            await AfterAsync(60);
            await server.KillAsync();
            await server.DisposeAsync();
            server = await EventFhirProcess.ServeAsync(folder.Path, again);
            await AfterAsync(60);
            await stop.CancelAsync();
            await Task.WhenAll(writing);

            using var http = new HttpClient { BaseAddress = url };
            var last = (string)JsonNode.Parse(await http.GetStringAsync("/feed/head"))!["head"]!;
            var events = new JsonArray();
            for (var patience = Stopwatch.StartNew(); events.Count < long.Parse(last[(last.IndexOf('.', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture);)
            {
                Assert.True(patience.Elapsed < PatienceMax, $"The consumer has {events.Count} events of {last}.");
                Assert.False(consumer.HasExited);
                await Task.Delay(200);
                events = JsonNode.Parse(await DumpAsync(copy))!.AsArray();
            }
            Check([.. events.Select(e => ((long)e![0]!, (string)e[1]!, (int)e[2]!))]);
        }
        finally
        {
            await stop.CancelAsync();
            if (!consumer.HasExited) consumer.Kill();
            consumer.Dispose();
            await server.DisposeAsync();
        }
    }

    private void Check(List<(long Position, string Subject, int Version)> events)
    {
        Assert.Equal(Enumerable.Range(1, events.Count).Select(static place => (long)place), events.Select(e => e.Position));
        Assert.Equal(events.Count, events.Select(e => (e.Subject, e.Version)).Distinct().Count());
        Assert.Empty(acknowledged.Keys.Except(events.Select(e => (e.Subject, e.Version))));
        foreach (var resource in events.GroupBy(e => e.Subject)) Assert.Equal(Enumerable.Range(1, resource.Count()), resource.Select(e => e.Version));
    }

    private async Task WriteAsync(Uri url, int writer, CancellationToken stop)
    {
        using var http = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromSeconds(20) };
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            var id = $"p-{(writer + number) % 12}";
            using var content = new StringContent(Sample.Patient(id, $"W{writer}N{number}"), mediaType: new("application/fhir+json"));
            try
            {
                using var response = await http.PutAsync($"Patient/{id}", content, CancellationToken.None);
                if (response.IsSuccessStatusCode)
                    acknowledged.TryAdd(($"Patient/{id}", int.Parse(response.Headers.ETag!.Tag.Trim('"'), CultureInfo.InvariantCulture)), true);
                else await Task.Delay(100, CancellationToken.None);
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
            {
                await Task.Delay(100, CancellationToken.None);
            }
        }
    }

    private Task AfterAsync(int more)
    {
        var before = acknowledged.Count;
        return UntilAsync(() => acknowledged.Count >= before + more, "writes are acknowledged again");
    }

    private static async Task UntilAsync(Func<bool> isSo, string what)
    {
        for (var patience = Stopwatch.StartNew(); !isSo(); await Task.Delay(20)) Assert.True(patience.Elapsed < PatienceMax, $"In vain it was awaited that {what}.");
    }

    private static int PostmasterOf(TemporaryFolder folder)
    {
        var file = Directory.GetFiles(folder.Path, "postmaster.pid", SearchOption.AllDirectories).Single();
        return int.Parse(File.ReadLines(file).First(), CultureInfo.InvariantCulture);
    }

    private static Process Start(string recipe, params string[] arguments)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "EventFhir.sln"))) root = root.Parent!;
        return Process.Start("python3", [Path.Combine(root.FullName, "docs/recipes", recipe), .. arguments]);
    }

    private static async Task<string> DumpAsync(string copy)
    {
        const string Program = "import json,sqlite3,sys;print(json.dumps(sqlite3.connect(sys.argv[1])"
            + ".execute('select position, subject, version from event order by position').fetchall()))";
        using var dump = Process.Start(new ProcessStartInfo("python3", ["-c", Program, copy]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var text = await dump.StandardOutput.ReadToEndAsync();
        await dump.WaitForExitAsync();
        Assert.Equal(0, dump.ExitCode);
        return text;
    }
}
