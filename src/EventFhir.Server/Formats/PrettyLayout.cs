using System.Buffers;
using System.Collections.Immutable;

using EventFhir.Model.Json;

namespace EventFhir.Server.Formats;

/// <summary>A resource indented for human readers; no value changes.</summary>
public static class PrettyLayout
{
    public static ReadOnlyMemory<byte> Of(ImmutableArray<ReadOnlyMemory<byte>> parts)
    {
        var text = new ArrayBufferWriter<byte>();
        foreach (var part in parts) text.Write(part.Span);
        var pretty = new ArrayBufferWriter<byte>(text.WrittenCount * 2);
        JsonLayout.Indent(text.WrittenSpan, pretty);
        return pretty.WrittenMemory;
    }
}
