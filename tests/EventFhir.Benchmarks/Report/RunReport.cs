using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using EventFhir.Benchmarks.Measures;

namespace EventFhir.Benchmarks.Report;

/// <summary>All that is known about a run: circumstances, rows, and bytes on disk.</summary>
public sealed record RunReport(
    DateTimeOffset Started,
    Machine Machine,
    double LoadBefore,
    string Data,
    int Resources,
    long Bytes,
    IReadOnlyDictionary<string, string> PostgresSettings)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public List<Row> Rows { get; } = [];

    public List<TableBytes> Disk { get; } = [];

    public List<SearchRow> Searches { get; } = [];

    public double LoadAfter { get; set; }

    public double Seconds { get; set; }

    /// <summary>The searches of a report that was saved.</summary>
    public static (int Resources, ImmutableArray<SearchRow> Searches) ReadSearches(string path)
    {
        using var report = JsonDocument.Parse(File.ReadAllText(path));
        return (report.RootElement.GetProperty("resources").GetInt32(), [.. report.RootElement.GetProperty("searches").Deserialize<List<SearchRow>>(Json) ?? []]);
    }

    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        SaveAs(Path.Combine(folder, $"{Started:yyyy-MM-dd-HHmm}-{Machine.Commit}.json"));
    }

    public void SaveAs(string path)
    {
        File.WriteAllText(path, JsonSerializer.Serialize(this, Json) + "\n");
        Console.WriteLine($"Saved {path}");
    }
}

/// <summary>A table with its TOAST, and its indexes.</summary>
public sealed record TableBytes(string Table, long Data, long Indexes);
