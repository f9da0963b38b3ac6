using System.Collections.Immutable;
using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace EventFhir.Benchmarks.Data;

/// <summary>The resources of a run, in memory and as a folder of NDJSON, one file per type.</summary>
public sealed record SampleData(string Name, ImmutableArray<SampleResource> Resources)
{
    public long Bytes => Resources.Sum(static resource => (long)resource.Body.Length);

    public static SampleData Synthetic(int seed, int patients) =>
        new($"synthetic, seed {seed}, {patients} patients", [.. new SyntheticPatients(seed).Generate(patients)]);

    /// <summary>All <c>.ndjson</c> and <c>.ndjson.gz</c> files of a folder.</summary>
    public static SampleData ReadFolder(string folder)
    {
        var resources = ImmutableArray.CreateBuilder<SampleResource>();
        foreach (var path in Directory.EnumerateFiles(folder, "*.ndjson*").Order(StringComparer.Ordinal))
        {
            using var file = File.OpenRead(path);
            using var reader = new StreamReader(path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file);
            while (reader.ReadLine() is { } line)
                if (line.Length > 0) resources.Add(Parse(line));
        }

        return new SampleData(Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)), resources.ToImmutable());
    }

    /// <summary>Writes one file per type into an empty folder: both the import and its baseline read these.</summary>
    public void WriteFolder(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var type in Resources.GroupBy(static resource => resource.Type, StringComparer.Ordinal))
        {
            using var file = File.Create(Path.Combine(folder, $"{type.Key}.ndjson"));
            foreach (var resource in type)
            {
                file.Write(resource.Body);
                file.WriteByte((byte)'\n');
            }
        }
    }

    private static SampleResource Parse(string line)
    {
        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        return new SampleResource(root.GetProperty("resourceType").GetString()!, root.GetProperty("id").GetString()!, Encoding.UTF8.GetBytes(line));
    }
}
