using System.Buffers;
using System.Text;
using System.Text.Unicode;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Validation;

namespace EventFhir.Model.Json;

/// <summary>Where the text of a resource stands.</summary>
public enum ResourcePlace
{
    Alone,

    /// <summary>In an entry of a transaction, which resolves conditional references (R4 http.html#trules).</summary>
    TransactionEntry,
}

/// <summary>
/// Reads a resource from UTF-8 JSON (R4 json.html) and checks its structure, both in one pass: names, kinds, cardinality, choice types, primitive
/// syntax, required bindings, references, narrative, contained resources. Hot path, measured by Benchmarks/Micro.
/// </summary>
public static class ResourceJsonReader
{
    /// <summary>How deep in a Bundle the resource of an entry lies: Bundle, entry, its item.</summary>
    private const int EntryDepth = 3;

    /// <param name="utf8">
    /// One resource and nothing else; a byte order mark is tolerated. The resource keeps this memory, so it must not change.
    /// </param>
    public static ReadResult Read(ReadOnlyMemory<byte> utf8, Release release, ResourcePlace place = ResourcePlace.Alone) =>
        Read(utf8, release, place, Limits.DepthMax);

    /// <summary>Reads what the server has made: stored resources, which may be as deep as they can, in the entries of a Bundle.</summary>
    internal static ReadResult ReadOwn(ReadOnlyMemory<byte> utf8, Release release) =>
        Read(utf8, release, ResourcePlace.Alone, Limits.DepthMax + EntryDepth);

    private static ReadResult Read(ReadOnlyMemory<byte> utf8, Release release, ResourcePlace place, int depthMax)
    {
        if (utf8.Span.StartsWith("\uFEFF"u8)) utf8 = utf8["\uFEFF"u8.Length..];
        var text = utf8.Span;
        if (!Utf8.IsValid(text)) return NotFhir(text, InvalidByteAt(text), "The text is not valid UTF-8.");
        var reader = new StructureReader(text, StructureRules.Of(release), place, depthMax);
        try
        {
            if (reader.ReadRoot() is { } refusal) return NotFhir(text, reader.RefusedAt, refusal);
            var nodes = reader.Nodes.ToArray();
            Node.LinkNames(nodes);
            var resource = new Resource(release, utf8, nodes, nodes.Length);
            return new ReadResult(resource, reader.Issues, reader.Issues.IsEmpty ? ReadVerdict.Valid : ReadVerdict.Invalid);
        }
        finally
        {
            reader.Dispose();
        }
    }

    private static ReadResult NotFhir(ReadOnlySpan<byte> text, int at, string diagnostics)
    {
        var (line, column) = StructureReader.PositionOf(text, at);
        return new ReadResult(null, [new Issue(IssueSeverity.Fatal, "structure", diagnostics, "", line, column)], ReadVerdict.NotFhir);
    }

    private static int InvalidByteAt(ReadOnlySpan<byte> text)
    {
        var at = 0;
        while (Rune.DecodeFromUtf8(text[at..], out _, out var length) is OperationStatus.Done) at += length;
        return at;
    }
}
