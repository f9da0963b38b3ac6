using System.Globalization;
using System.Text.Json;

namespace EventFhir.Server.Cli.Import;

/// <summary>
/// How far an import has come in each file, kept in a file of the user's choice, so that an interrupted import goes on where it stopped.
/// It holds a row per file: how many records from its start are done, whatever was done beyond a gap not counted.
/// </summary>
public sealed class ImportJournal
{
    private static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(1);
    private readonly string? path;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly Dictionary<string, int> done = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SortedDictionary<int, int>> ahead = new(StringComparer.Ordinal);
    private long savedAt;

    /// <param name="path">Null to keep no journal.</param>
    public ImportJournal(string? path, TimeProvider time)
    {
        (this.path, this.time) = (path, time);
        if (path is null || !File.Exists(path)) return;
        foreach (var line in File.ReadLines(path))
            if (line.Split('\t') is [var count, var key] && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var records))
                done[key] = records;
    }

    /// <summary>A file that changes is another file.</summary>
    public static string KeyOf(FileInfo file) => string.Create(
        CultureInfo.InvariantCulture, $"{file.Length} {file.LastWriteTimeUtc:O} {JsonEncodedText.Encode(file.FullName)}");

    public int DoneIn(FileInfo file)
    {
        lock (gate) return done.GetValueOrDefault(KeyOf(file));
    }

    /// <summary>Notes that the records from start (inclusive, 0-based) to end (exclusive) of a file are stored or refused for good.</summary>
    public void Note(FileInfo file, int start, int end)
    {
        if (path is null) return;
        var key = KeyOf(file);
        lock (gate)
        {
            if (!ahead.TryGetValue(key, out var ranges)) ahead[key] = ranges = [];
            ranges[start] = end;
            var count = done.GetValueOrDefault(key);
            while (ranges.Remove(count, out var next)) count = next;
            done[key] = count;
            if (time.GetElapsedTime(savedAt) < SaveInterval) return;
            savedAt = time.GetTimestamp();
            Save();
        }
    }

    public void Save()
    {
        if (path is null) return;
        lock (gate)
        {
            var draft = path + ".new";
            File.WriteAllLines(draft, done.Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Value}\t{entry.Key}")));
            File.Move(draft, path, overwrite: true);
        }
    }
}
