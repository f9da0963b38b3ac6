using System.Collections.Immutable;
using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace EventFhir.Benchmarks.Data;

/// <summary>A Bundle as it is sent.</summary>
/// <param name="Entries">How many it has.</param>
public sealed record SampleBundle(string Name, byte[] Body, int Entries);

/// <summary>The transactions of a run.</summary>
/// <param name="First">What the others refer to by criteria; sent before them, one after the other.</param>
/// <param name="Resources">Those of the transactions, for baselines with the same bytes.</param>
public sealed record SampleBundles(string Name, ImmutableArray<SampleBundle> First, ImmutableArray<SampleBundle> Bundles, SampleData Resources)
{
    /// <summary>The files of a folder that are Bundles, perhaps compressed; those whose names begin with "00-" are sent first.</summary>
    public static SampleBundles ReadFolder(string folder)
    {
        var all = Directory.EnumerateFiles(folder, "*.json*").Order(StringComparer.Ordinal).Select(Read).ToList();
        ImmutableArray<SampleBundle> bundles = [.. all.Where(bundle => !IsFirst(bundle)).Select(bundle => bundle.Bundle)];
        return new SampleBundles(
            Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)),
            [.. all.Where(IsFirst).Select(bundle => bundle.Bundle)], bundles,
            new SampleData(folder, [.. all.Where(bundle => !IsFirst(bundle)).SelectMany(bundle => bundle.Resources)]));
        static bool IsFirst((SampleBundle Bundle, List<SampleResource> Resources) bundle) => bundle.Bundle.Name.StartsWith("00-", StringComparison.Ordinal);
    }

    /// <summary>A transaction for each patient of the data: what follows it belongs to it.</summary>
    public static SampleBundles Of(SampleData data)
    {
        var bundles = ImmutableArray.CreateBuilder<SampleBundle>();
        var entries = new List<string>();
        foreach (var resource in data.Resources)
        {
            if (resource.Type == "Patient") Close();
            var (type, id) = (resource.Type, resource.Id);
            entries.Add(
                $$"""{"fullUrl":"http://bench.example/fhir/{{type}}/{{id}}","resource":""" + Encoding.UTF8.GetString(resource.Body)
                + $$$""","request":{"method":"POST","url":"{{{type}}}"}}""");
        }

        Close();
        return new SampleBundles(data.Name, [], bundles.ToImmutable(), data);

        void Close()
        {
            if (entries.Count == 0) return;
            var text = $$"""{"resourceType":"Bundle","type":"transaction","entry":[{{string.Join(',', entries)}}]}""";
            bundles.Add(new SampleBundle($"patient {bundles.Count}", Encoding.UTF8.GetBytes(text), entries.Count));
            entries.Clear();
        }
    }

    private static (SampleBundle Bundle, List<SampleResource> Resources) Read(string path)
    {
        using var file = File.OpenRead(path);
        using var unpacked = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : (Stream)file;
        using var body = new MemoryStream();
        unpacked.CopyTo(body);
        using var json = JsonDocument.Parse(body.ToArray());
        var resources = new List<SampleResource>();
        foreach (var entry in json.RootElement.GetProperty("entry").EnumerateArray())
        {
            var resource = entry.GetProperty("resource");
            var id = resource.TryGetProperty("id", out var given) ? given.GetString()! : "";
            resources.Add(new SampleResource(resource.GetProperty("resourceType").GetString()!, id, Encoding.UTF8.GetBytes(resource.GetRawText())));
        }

        return (new SampleBundle(Path.GetFileName(path), body.ToArray(), resources.Count), resources);
    }
}
