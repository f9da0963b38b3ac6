using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace EventFhir.Benchmarks.Measures;

/// <summary>What a figure depends on beside the code.</summary>
public sealed record Machine(string Cpu, int Cores, double MemoryGigabytes, string System, string Runtime, string Commit)
{
    public static Machine Describe() => new(
        LineOf("/proc/cpuinfo", "model name"),
        Environment.ProcessorCount,
        Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9, 1),
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        CommitOf());

    /// <summary>Load average of the last minute.</summary>
    public static double Load() =>
        double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);

    private static string LineOf(string path, string name)
    {
        foreach (var line in File.ReadLines(path))
            if (line.StartsWith(name, StringComparison.Ordinal)) return line[(line.IndexOf(':', StringComparison.Ordinal) + 2)..];
        return "unknown";
    }

    private static string CommitOf()
    {
        using var git = Process.Start(new ProcessStartInfo("git", "describe --always --dirty --abbrev=8") { RedirectStandardOutput = true, UseShellExecute = false });
        return git?.StandardOutput.ReadToEnd().Trim() ?? "unknown";
    }
}
