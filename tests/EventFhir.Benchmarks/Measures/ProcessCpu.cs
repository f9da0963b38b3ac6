using System.Globalization;

namespace EventFhir.Benchmarks.Measures;

/// <summary>CPU time from /proc, in units of 10 ms: enough for runs of seconds.</summary>
public static class ProcessCpu
{
    private const int TicksPerSecond = 100;

    /// <summary>User and system time of one process.</summary>
    public static TimeSpan Of(int processId) => Read(processId) is { } stat ? Time(stat.Own) : TimeSpan.Zero;

    /// <summary>Time of a process, its living children and the children it has buried: the whole of a PostgreSQL cluster.</summary>
    public static TimeSpan OfFamily(int processId)
    {
        if (Read(processId) is not { } parent) return TimeSpan.Zero;
        var ticks = parent.Own + parent.Buried;
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var child)) continue;
            if (Read(child) is { } stat && stat.Parent == processId) ticks += stat.Own;
        }

        return Time(ticks);
    }

    /// <summary>Time of the children that a process has started and that have ended.</summary>
    public static TimeSpan OfBuried(int processId) => Read(processId) is { } stat ? Time(stat.Buried) : TimeSpan.Zero;

    private static TimeSpan Time(long ticks) => TimeSpan.FromSeconds((double)ticks / TicksPerSecond);

    /// <summary>proc(5): the fields after the program's name, which is in parentheses and may hold anything.</summary>
    private static (int Parent, long Own, long Buried)? Read(int processId)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{processId}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return ((int)Field(1), Field(11) + Field(12), Field(13) + Field(14));
            long Field(int index) => long.Parse(fields[index], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
