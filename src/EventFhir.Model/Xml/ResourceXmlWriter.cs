using System.Buffers;
using System.Diagnostics;
using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;

namespace EventFhir.Model.Xml;

/// <summary>Whether XML is indented, for human readers. Narratives stay as they are.</summary>
public enum XmlLayout { Compact, Indented }

/// <summary>
/// Writes a resource as XML (R4 xml.html): elements in the order of the specification, values as attributes with the digits they have, ids and
/// extensions of primitives in their elements, the narrative as it is.
/// </summary>
public sealed class ResourceXmlWriter
{
    private const int IndentWidth = 2;

    private readonly Node[] nodes;
    private readonly ReadOnlyMemory<byte> json;
    private readonly IBufferWriter<byte> target;
    private readonly XmlLayout layout;
    private byte[] scratch = [];

    private ResourceXmlWriter(Resource resource, IBufferWriter<byte> target, XmlLayout layout) =>
        (nodes, json, this.target, this.layout) = (resource.Nodes, resource.Json, target, layout);

    /// <param name="json">A resource as the server has stored or made it: whole, or with parts left out.</param>
    public static void Write(ReadOnlyMemory<byte> json, Release release, IBufferWriter<byte> target, XmlLayout layout = XmlLayout.Compact)
    {
        var read = ResourceJsonReader.ReadOwn(json, release);
        if (read.Resource is not { } resource) throw new UnreachableException($"The server made JSON that is no FHIR: {read.Issues[0].Diagnostics}");
        target.Write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"u8);
        if (layout is XmlLayout.Compact) target.Write("\n"u8);
        new ResourceXmlWriter(resource, target, layout).Resource(0, depth: 0);
        if (layout is XmlLayout.Indented) target.Write("\n"u8);
    }

    private void Resource(int self, int depth)
    {
        var name = nodes[self].Type.Name;
        Begin(name, depth);
        if (depth == 0) target.Write(" xmlns=\"http://hl7.org/fhir\""u8);
        Content(self, name, depth);
    }

    private void Element(int self, string name, int depth)
    {
        ref var node = ref nodes[self];
        if (node.Type.Primitive is PrimitiveKind.Xhtml)
        {
            Narrative(self, depth);
            return;
        }
        // What is left of an element may be nothing, if parts of the resource are left out.
        var hasValue = (node.Flags & NodeFlags.HasValue) != 0;
        if (!hasValue && node.End == self + 1 && !node.Type.IsResource) return;
        Begin(name, depth);
        if (node.Type.IsResource)
        {
            target.Write(">"u8);
            Resource(self, depth + 1);
            End(name, depth);
            return;
        }
        Content(self, name, depth);
    }

    /// <summary>Writes attributes and children, and the end of the element whose name has been written.</summary>
    private void Content(int self, string name, int depth)
    {
        var elements = nodes[self].Type.Elements;
        Span<int> first = stackalloc int[elements.Length];
        first.Clear();
        for (var child = self + 1; child < nodes[self].End; child = nodes[child].NameEnd) first[nodes[child].Definition!.Order] = child;
        var hasChildren = false;
        for (var order = 0; order < first.Length; order++)
        {
            if (first[order] == 0) continue;
            if (elements[order].IsXmlAttribute) Attribute(elements[order].Name, first[order]);
            else hasChildren = true;
        }
        if ((nodes[self].Flags & NodeFlags.HasValue) != 0) Attribute("value", self);
        if (!hasChildren)
        {
            target.Write("/>"u8);
            return;
        }
        target.Write(">"u8);
        for (var order = 0; order < first.Length; order++)
        {
            if (first[order] == 0 || elements[order].IsXmlAttribute) continue;
            var end = nodes[first[order]].NameEnd;
            for (var child = first[order]; child < end; child = nodes[child].End)
                Element(child, NameOf(elements[order], nodes[child].Type), depth + 1);
        }
        End(name, depth);
    }

    private static string NameOf(ElementDefinition element, TypeDefinition type)
    {
        if (!element.IsChoice) return element.Name;
        foreach (var property in element.Properties)
            if (ReferenceEquals(property.Type.Type, type)) return property.Name;
        throw new UnreachableException($"{element} is not of type {type}.");
    }

    private void Begin(string name, int depth)
    {
        NewLine(depth);
        target.Write("<"u8);
        Encoding.UTF8.GetBytes(name, target);
    }

    private void End(string name, int depth)
    {
        NewLine(depth);
        target.Write("</"u8);
        Encoding.UTF8.GetBytes(name, target);
        target.Write(">"u8);
    }

    private void NewLine(int depth)
    {
        if (layout is XmlLayout.Compact) return;
        var width = 1 + depth * IndentWidth;
        var line = target.GetSpan(width)[..width];
        line.Fill((byte)' ');
        line[0] = (byte)'\n';
        target.Advance(width);
    }

    private void Attribute(string name, int valued)
    {
        target.Write(" "u8);
        Encoding.UTF8.GetBytes(name, target);
        target.Write("=\""u8);
        XmlText.WriteEscaped(Plain(valued), target);
        target.Write("\""u8);
    }

    private void Narrative(int self, int depth)
    {
        NewLine(depth);
        XmlText.WriteMarkup(Plain(self).Trim(" \t\r\n"u8), target);
    }

    /// <summary>The value without JSON escapes; valid until the next call.</summary>
    private ReadOnlySpan<byte> Plain(int self)
    {
        ref var node = ref nodes[self];
        var raw = json.Span.Slice(node.Start, node.Length);
        if ((node.Flags & NodeFlags.IsEscaped) == 0) return raw;
        if (scratch.Length < raw.Length) scratch = new byte[Math.Max(1024, raw.Length)];
        return scratch.AsSpan(0, JsonEscape.Unescape(raw, scratch));
    }
}
