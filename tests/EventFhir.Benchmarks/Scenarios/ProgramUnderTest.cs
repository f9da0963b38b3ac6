using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace EventFhir.Benchmarks.Scenarios;

/// <summary>The floor or the server as a process of its own, from its start until it says where it listens, to its end.</summary>
public sealed partial class ProgramUnderTest : IAsyncDisposable
{
    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(60);

    /// <summary>That the feed may stand still although events wait for their places.</summary>
    private static readonly TimeSpan PlacingMax = TimeSpan.FromSeconds(60);

    private readonly Process process;

    private ProgramUnderTest(string name, Process process, IPEndPoint address) => (Name, this.process, Address) = (name, process, address);

    public string Name { get; }

    public IPEndPoint Address { get; }

    public int ProcessId => process.Id;

    public static Task<ProgramUnderTest> StartFloorAsync(string connectionString) => StartAsync(
        "floor", [Path.Combine(AppContext.BaseDirectory, "EventFhir.Benchmarks.dll"), "floor", connectionString]);

    public static Task<ProgramUnderTest> StartSearchFloorAsync(string connectionString) => StartAsync(
        "search-floor", [Path.Combine(AppContext.BaseDirectory, "EventFhir.Benchmarks.dll"), "search-floor", connectionString]);

    public static Task<ProgramUnderTest> StartServerAsync(string connectionString) => StartAsync(
        "server", [ServerAssembly, "serve", "--port", "0", "--connection", connectionString]);

    /// <summary>Runs a command of the server's command line to its end. Returns its wall time.</summary>
    public static async Task<TimeSpan> RunServerCommandAsync(params string[] arguments)
    {
        var start = Stopwatch.GetTimestamp();
        // As eng/eventfhir starts it.
        using var process = Start(
            [ServerAssembly, .. arguments],
            ("DOTNET_TieredCompilation", "0"), ("DOTNET_gcConcurrent", "0"), ("DOTNET_GCgen0size", "0x10000000"),
            ("DOTNET_GCRetainVM", "1"));
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"eventfhir {arguments[0]} failed with {process.ExitCode}: {await errors}");
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Waits until a server has placed what an import left in the feed: that work is not to be measured beside other work.</summary>
    public static async Task PlaceImportedAsync(string connectionString, long events)
    {
        await using var server = await StartServerAsync(connectionString);
        using var http = new HttpClient { BaseAddress = new Uri($"http://{server.Address}") };
        var patience = Stopwatch.StartNew();
        for (var placed = 0L; placed < events; await Task.Delay(50))
        {
            using var answer = JsonDocument.Parse(await http.GetStringAsync("/feed/head"));
            var head = FeedRun.PositionOf(answer.RootElement.GetProperty("head").GetString()!);
            if (head > placed) patience.Restart();
            else if (patience.Elapsed > PlacingMax) throw new InvalidOperationException($"The feed has {head} events of {events}, and does not grow.");
            placed = head;
        }
    }

    /// <summary>The Release build of the server in this checkout, which <c>eng/bench</c> makes first.</summary>
    private static string ServerAssembly { get; } = FindServer();

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(15));
            try
            {
                await process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        process.Dispose();
    }

    private static async Task<ProgramUnderTest> StartAsync(string name, string[] arguments)
    {
        var process = Start(arguments);
        var address = new TaskCompletionSource<IPEndPoint>(TaskCreationOptions.RunContinuationsAsynchronously);
        var said = new System.Text.StringBuilder();
        process.OutputDataReceived += Listen;
        process.ErrorDataReceived += Listen;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var exited = process.WaitForExitAsync();
        if (await Task.WhenAny(address.Task, exited, Task.Delay(StartMax)) == address.Task)
            return new ProgramUnderTest(name, process, await address.Task);
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        throw new InvalidOperationException($"{name} did not start: {said}");

        void Listen(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is null || address.Task.IsCompleted) return;
            lock (said) said.AppendLine(line.Data);
            if (Loopback().Match(line.Data) is { Success: true } found)
                address.TrySetResult(IPEndPoint.Parse(found.Groups[1].Value));
        }
    }

    private static Process Start(string[] arguments, params ReadOnlySpan<(string Name, string Value)> environment)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return Process.Start(start) ?? throw new InvalidOperationException("dotnet cannot be started.");
    }

    private static string FindServer()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "EventFhir.sln")))
                return Path.Combine(folder.FullName, "src/EventFhir.Server/bin/Release/net10.0/eventfhir.dll");
        throw new DirectoryNotFoundException("The benchmarks run inside a checkout.");
    }

    [GeneratedRegex(@"(?:serves .*|listens )on http://(127\.0\.0\.1:\d+)")]
    private static partial Regex Loopback();
}
