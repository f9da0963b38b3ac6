using System.Buffers;
using System.Collections.Immutable;

using EventFhir.Model.Definitions;
using EventFhir.Model.Xml;

namespace EventFhir.Server.Formats;

/// <summary>The XML of an answer whose parts are the JSON of a resource (<see cref="ResourceXmlWriter"/>).</summary>
public static class XmlBody
{
    public static ReadOnlyMemory<byte> Of(ImmutableArray<ReadOnlyMemory<byte>> parts, Release release, Layout layout)
    {
        var json = Joined(parts);
        var xml = new ArrayBufferWriter<byte>(json.Length + 256);
        ResourceXmlWriter.Write(json, release, xml, layout is Layout.Pretty ? XmlLayout.Indented : XmlLayout.Compact);
        return xml.WrittenMemory;
    }

    /// <summary>The parts as one text, without a copy if there is one only.</summary>
    public static ReadOnlyMemory<byte> Joined(ImmutableArray<ReadOnlyMemory<byte>> parts)
    {
        if (parts is [var only]) return only;
        var length = 0;
        foreach (var part in parts) length += part.Length;
        var joined = new byte[length];
        var at = 0;
        foreach (var part in parts)
        {
            part.CopyTo(joined.AsMemory(at));
            at += part.Length;
        }
        return joined;
    }
}
