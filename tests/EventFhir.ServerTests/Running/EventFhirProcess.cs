using System.Diagnostics;
using System.Text;

using Xunit;

namespace EventFhir.ServerTests.Running;

/// <summary>eventfhir as a process of its own, as users start it.</summary>
internal sealed class EventFhirProcess : IAsyncDisposable
{
    /// <summary>For a start that makes a cluster, and for a stop that drains requests, on a machine that is busy with other things.</summary>
    private static readonly TimeSpan PatienceMax = TimeSpan.FromMinutes(5);

    private readonly StringBuilder errors = new();

    private EventFhirProcess(Process process) => Process = process;

    public Process Process { get; }

    /// <summary>The base URL with a slash at the end.</summary>
    public Uri Url { get; private set; } = new("http://unknown/");

    /// <summary>The line that says that the server serves.</summary>
    public string StartLine { get; private set; } = "";

    public string Errors
    {
        get { lock (errors) return errors.ToString(); }
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        await using var started = Start(arguments);
        var output = await started.Process.StandardOutput.ReadToEndAsync();
        await started.Process.WaitForExitAsync();
        return (started.Process.ExitCode, output, started.Errors);
    }

    /// <summary>Starts a server, on a free port if none is given, and waits until it serves.</summary>
    public static async Task<EventFhirProcess> ServeAsync(string dataFolder, params string[] arguments)
    {
        string[] port = arguments.Contains("--port") ? [] : ["--port", "0"];
        var started = Start(["serve", .. port, "--data", dataFolder, .. arguments]);
        using var patience = new CancellationTokenSource(PatienceMax);
        if (await started.Process.StandardOutput.ReadLineAsync(patience.Token) is not { } line)
        {
            await started.Process.WaitForExitAsync(patience.Token);
            throw new InvalidOperationException($"The server ended with {started.Process.ExitCode}: {started.Errors}");
        }
        started.StartLine = line;
        started.Url = new Uri(started.StartLine[(started.StartLine.LastIndexOf(' ') + 1)..] + "/");
        return started;
    }

    /// <summary>Asks the process to stop as an operating system does (SIGTERM), and gives its exit code.</summary>
    public async Task<int> StopAsync()
    {
        if (Process.HasExited) return Process.ExitCode;
        using var kill = Process.Start("kill", ["-TERM", Process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        using var patience = new CancellationTokenSource(PatienceMax);
        await Process.WaitForExitAsync(patience.Token);
        return Process.ExitCode;
    }

    /// <summary>SIGKILL: no chance to tidy up.</summary>
    public async Task KillAsync()
    {
        Process.Kill();
        await Process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Process.Dispose();
    }

    public static EventFhirProcess Start(IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "eventfhir.dll"), .. arguments])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8,
        };
        var started = new EventFhirProcess(Process.Start(start)!);
        started.Process.ErrorDataReceived += (_, line) =>
        {
            lock (started.errors) started.errors.AppendLine(line.Data);
        };
        started.Process.BeginErrorReadLine();
        return started;
    }
}

/// <summary>A folder for one test that PostgreSQL's account can reach; deleted afterwards.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo folder;

    /// <param name="prefix">Not that of the clusters of test runs: a later run deletes those that nobody runs, and a test may have stopped its own.</param>
    public TemporaryFolder(string prefix = "eventfhir-folder-")
    {
        folder = Directory.CreateTempSubdirectory(prefix);
        Assert.True(folder.Exists);
        if (!OperatingSystem.IsWindows())
            folder.UnixFileMode |= UnixFileMode.GroupExecute | UnixFileMode.OtherExecute | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    }

    public string Path => folder.FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => folder.Delete(recursive: true);
}
