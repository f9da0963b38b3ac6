using System.Globalization;

namespace EventFhir.Postgres.Reading;

/// <summary>
/// A pg_snapshot as text, "xmin:xmax:xip,xip,…": which transactions had committed when a first page was read. It means something in the database
/// cluster that it came from, and nowhere else.
/// </summary>
internal static class SnapshotText
{
    /// <summary>PostgreSQL refuses malformed snapshots with an error; this is what it accepts.</summary>
    public static bool IsValid(string text)
    {
        var parts = text.Split(':');
        if (parts.Length != 3 || !IsXid(parts[0], out var xmin) || !IsXid(parts[1], out var xmax) || xmin == 0 || xmin > xmax) return false;
        var last = xmin;
        foreach (var part in parts[2].Length == 0 ? [] : parts[2].Split(','))
        {
            if (!IsXid(part, out var xid) || xid < last || xid >= xmax) return false;
            last = xid;
        }
        return true;
        static bool IsXid(string text, out ulong xid) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out xid);
    }
}
