using System.Diagnostics;
using System.Globalization;

namespace EventFhir.Postgres.Embedded;

/// <summary>The server process of a cluster, as its postmaster.pid names it.</summary>
internal static class Postmaster
{
    /// <summary>The process id in postmaster.pid, if that process lives and is the server of this cluster; 0 otherwise.</summary>
    public static async Task<int> FindAsync(string cluster, CancellationToken cancellationToken)
    {
        var processId = PidFileProcess(cluster);
        return processId != 0 && await BelongsToAsync(processId, cluster, cancellationToken) ? processId : 0;
    }

    /// <summary>
    /// Removes a postmaster.pid whose process id now belongs to a program of somebody else: PostgreSQL sees only that the id is alive
    /// and would refuse to start. A pid file of a dead process is left to PostgreSQL, which uses it to find leftover children.
    /// </summary>
    public static async Task RemoveStrayPidFileAsync(string cluster, CancellationToken cancellationToken)
    {
        var processId = PidFileProcess(cluster);
        if (processId == 0 || !IsAlive(processId) || await BelongsToAsync(processId, cluster, cancellationToken)) return;
        File.Delete(Path.Combine(cluster, "postmaster.pid"));
    }

    public static bool IsAlive(int processId)
    {
        if (OperatingSystem.IsLinux() && CommandLineOnLinux(processId) is { } commandLine) return commandLine.Length > 0;
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static int PidFileProcess(string cluster)
    {
        try
        {
            var first = File.ReadLines(Path.Combine(cluster, "postmaster.pid")).FirstOrDefault();
            return int.TryParse(first, NumberStyles.Integer, CultureInfo.InvariantCulture, out var processId) ? Math.Abs(processId) : 0;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static async Task<bool> BelongsToAsync(int processId, string cluster, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsLinux()) return CommandLineOnLinux(processId)?.Contains(cluster, StringComparison.Ordinal) ?? false;
        if (!IsAlive(processId)) return false;
        if (OperatingSystem.IsWindows())
        {
            using var process = Process.GetProcessById(processId);
            return process.ProcessName is "postgres";
        }
        var ps = await ExternalProgram.RunAsync("ps", ["-o", "command=", "-p", processId.ToString(CultureInfo.InvariantCulture)], cancellationToken);
        return ps.Output.Contains(cluster, StringComparison.Ordinal);
    }

    /// <summary>Empty for a zombie, null if there is no such process.</summary>
    private static string? CommandLineOnLinux(int processId)
    {
        try
        {
            return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/cmdline"));
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }
}
