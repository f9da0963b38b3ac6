using System.Buffers;
using System.Formats.Tar;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;

using EventFhir.Model.Definitions;

namespace EventFhir.Server.Cli.Import;

/// <summary>Finds the files of an import and reads the resources in them.</summary>
public static class ImportFiles
{
    private static readonly string[] Archives = [".tgz", ".tar.gz", ".tar"];
    private static readonly string[] Lines = [".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz"];
    private static readonly string[] Documents = [".json", ".json.gz"];

    /// <summary>The files themselves, and those below the folders that have a name we know, in the order of their names.</summary>
    /// <exception cref="FileNotFoundException">There is nothing at one of the paths.</exception>
    public static List<FileInfo> Find(IEnumerable<string> paths)
    {
        var files = new List<FileInfo>();
        foreach (var path in paths)
        {
            if (Directory.Exists(path))
                files.AddRange(new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories)
                    .Where(file => HasSuffix(file.Name, [.. Archives, .. Lines, .. Documents]))
                    .OrderBy(file => file.FullName, StringComparer.Ordinal));
            else if (File.Exists(path)) files.Add(new FileInfo(path));
            else throw new FileNotFoundException($"There is no file or folder {path}.");
        }
        return files;
    }

    /// <summary>
    /// Files named for a type (Patient.ndjson, Patient.000.ndjson.gz) whose resources others refer to come before those of the others, else the
    /// order is kept: what is referred to before it is stored costs a row that is written twice.
    /// </summary>
    public static IReadOnlyList<FileInfo> ReferredFirst(IEnumerable<FileInfo> files, Release release)
    {
        var references = release.SearchParameters.Where(parameter => parameter.Type is SearchParameterType.Reference)
            .SelectMany(parameter => parameter.Targets).CountBy(target => target.Name).ToDictionary();
        return [.. files.OrderByDescending(file => references.GetValueOrDefault(file.Name.Split('.')[0]))];
    }

    /// <summary>True for a file that can be read a little way: one resource per line, compressed or not.</summary>
    public static bool HasLines(FileInfo file) => HasSuffix(file.Name, Lines);

    /// <param name="read">Told after each record how many bytes of the file, as it lies on disk, have been read.</param>
    public static async IAsyncEnumerable<ImportRecord> ReadAsync(
        FileInfo file, Action<long> read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var disk =
            new FileStream(file.FullName, new FileStreamOptions { Options = FileOptions.SequentialScan | FileOptions.Asynchronous });
        await using var stream = HasSuffix(file.Name, ".gz", ".tgz") ? new GZipStream(disk, CompressionMode.Decompress) : (Stream)disk;
        var records = HasSuffix(file.Name, Archives) ? ReadArchiveAsync(file.Name, stream, cancellationToken)
            : HasSuffix(file.Name, Lines) ? ReadLinesAsync(file.Name, stream, cancellationToken)
            : ReadDocumentAsync(file.Name, stream, cancellationToken);
        await foreach (var record in records)
        {
            read(disk.Position);
            yield return record;
        }
        read(file.Length);
    }

    private static async IAsyncEnumerable<ImportRecord> ReadLinesAsync(
        string source, Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 256 * 1024, minimumReadSize: 64 * 1024, leaveOpen: true));
        for (var (line, completed) = (0, false); !completed;)
        {
            var result = await reader.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            completed = result.IsCompleted;
            while (TryTakeLine(ref buffer, completed, out var json))
            {
                line++;
                if (json.Length > 0) yield return new ImportRecord(source, line, json, FallbackId: null);
            }
            reader.AdvanceTo(buffer.Start, buffer.End);
        }
        await reader.CompleteAsync();
    }

    private static bool TryTakeLine(ref ReadOnlySequence<byte> buffer, bool completed, out byte[] line)
    {
        line = [];
        if (buffer.IsEmpty) return false;
        var end = buffer.PositionOf((byte)'\n');
        if (end is null && !completed) return false;
        var text = end is null ? buffer : buffer.Slice(0, end.Value);
        buffer = end is null ? buffer.Slice(buffer.End) : buffer.Slice(buffer.GetPosition(1, end.Value));
        line = text.ToArray();
        if (line.AsSpan().Trim(" \t\r"u8).IsEmpty) line = [];
        return true;
    }

    private static async IAsyncEnumerable<ImportRecord> ReadDocumentAsync(
        string source, Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var json = await ReadToEndAsync(stream, cancellationToken);
        if (BundleEntries.Cut(source, json) is not { } entries)
            yield return new ImportRecord(source, 0, json, FallbackId: null);
        else
            foreach (var entry in entries) yield return entry;
    }

    // A FHIR package holds its resources in package/, next to package.json and hidden index files; a Bundle in it is an example of a Bundle.
    private static async IAsyncEnumerable<ImportRecord> ReadArchiveAsync(
        string source, Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var archive = new TarReader(stream, leaveOpen: true);
        while (await archive.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
        {
            var name = Path.GetFileName(entry.Name);
            if (entry.DataStream is null || !HasSuffix(name, ".json") || name.StartsWith('.')) continue;
            var json = await ReadToEndAsync(entry.DataStream, cancellationToken);
            if (IsResource(json)) yield return new ImportRecord($"{source}/{entry.Name}", 0, json, FallbackId: null);
        }
    }

    private static bool IsResource(byte[] text)
    {
        try
        {
            var json = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = 512 });
            while (json.Read())
            {
                if (json is { TokenType: JsonTokenType.PropertyName, CurrentDepth: 1 } && json.ValueTextEquals("resourceType"u8)) return true;
                if (json.TokenType is JsonTokenType.PropertyName) json.Skip();
            }
            return false;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static async Task<byte[]> ReadToEndAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        await stream.CopyToAsync(buffer, cancellationToken);
        return buffer.ToArray();
    }

    private static bool HasSuffix(string name, params ReadOnlySpan<string> suffixes)
    {
        foreach (var suffix in suffixes)
            if (name.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }
}
