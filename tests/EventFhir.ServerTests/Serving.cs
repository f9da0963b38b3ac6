using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>eventfhir serve with a private cluster: start, second start, stop.</summary>
public sealed class Serving
{
    [Fact]
    public async Task It_says_where_it_serves_shares_its_cluster_and_stops_cleanly()
    {
        using var folder = new TemporaryFolder();
        await using var server = await EventFhirProcess.ServeAsync(folder.Path);
        Assert.Matches(@"^EventFhir serves FHIR R4 on http://127\.0\.0\.1:\d+/fhir$", server.StartLine);
        using var http = new HttpClient { BaseAddress = server.Url };
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/health")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/ready")).StatusCode);
        using var patient = new StringContent(Sample.Patient("p1"), mediaType: new("application/fhir+json"));
        Assert.Equal(HttpStatusCode.Created, (await http.PutAsync("Patient/p1", patient)).StatusCode);

        // A create gets its id from the server; that must make no difference to the search rows.
        using var observation = new StringContent(Sample.Observation(), mediaType: new("application/fhir+json"));
        Assert.Equal(HttpStatusCode.Created, (await http.PostAsync("Observation", observation)).StatusCode);
        var verify = await EventFhirProcess.RunAsync("verify", "--data", folder.Path);
        Assert.True(verify.ExitCode == 0, verify.Output + verify.Errors);

        var second = await EventFhirProcess.RunAsync("serve", "--port", "0", "--data", folder.Path);
        Assert.Equal((75, ""), (second.ExitCode, second.Output));
        Assert.Contains("in use", second.Errors, StringComparison.Ordinal);

        var show = await EventFhirProcess.RunAsync("show", "Patient/p1", "--data", folder.Path);
        Assert.Equal(0, show.ExitCode);

        Assert.Equal(0, await server.StopAsync());
        Assert.False(File.Exists(Path.Combine(folder.Path, "postgres", "postmaster.pid")));
    }

    [Fact]
    public async Task A_request_under_way_is_answered_before_it_stops()
    {
        using var folder = new TemporaryFolder();
        await using var server = await EventFhirProcess.ServeAsync(folder.Path);
        // Nothing of the body is sent before the server reads it: then the request is under way.
        using var handler = new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromMinutes(5) };
        using var http = new HttpClient(handler) { BaseAddress = server.Url };
        using var slow = new SlowContent(Sample.Patient("p1"));
        using var request = new HttpRequestMessage(HttpMethod.Put, "Patient/p1") { Content = slow, Headers = { ExpectContinue = true } };
        var answering = http.SendAsync(request);
        await slow.Started;
        var stopping = server.StopAsync();
        await UntilNobodyListensAsync(server.Url);
        slow.Finish();
        Assert.Equal(HttpStatusCode.Created, (await answering).StatusCode);
        Assert.Equal(0, await stopping);
    }

    private static async Task UntilNobodyListensAsync(Uri url)
    {
        for (var patience = Stopwatch.StartNew(); ; await Task.Delay(10))
        {
            Assert.True(patience.Elapsed < TimeSpan.FromMinutes(5), "The server goes on taking connections.");
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(url.Host, url.Port);
            }
            catch (SocketException)
            {
                return;
            }
        }
    }

    /// <summary>A body whose second half waits.</summary>
    private sealed class SlowContent : HttpContent
    {
        private readonly byte[] text;
        private readonly TaskCompletionSource started = new();
        private readonly TaskCompletionSource finish = new();

        public SlowContent(string text)
        {
            this.text = System.Text.Encoding.UTF8.GetBytes(text);
            Headers.ContentType = new("application/fhir+json");
        }

        public Task Started => started.Task;

        public void Finish() => finish.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(text.AsMemory(0, 10));
            await stream.FlushAsync();
            started.SetResult();
            await finish.Task;
            await stream.WriteAsync(text.AsMemory(10));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = text.Length;
            return true;
        }
    }
}
