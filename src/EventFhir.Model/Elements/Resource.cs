using System.Diagnostics;

using EventFhir.Model.Definitions;

namespace EventFhir.Model.Elements;

/// <summary>
/// A resource: its UTF-8 JSON exactly as read, and a typed, read-only view over it. There is no object graph: the view is a flat array of nodes
/// that point into the text, so decimals keep their digits and everything that was sent survives (docs/architecture.md).
/// </summary>
public sealed class Resource
{
    internal Resource(Release release, ReadOnlyMemory<byte> json, Node[] nodes, int count)
    {
        (Release, Json, Nodes, Count) = (release, json, nodes, count);
    }

    public Release Release { get; }

    /// <summary>The UTF-8 text, without byte order mark.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    public TypeDefinition Type => Nodes[0].Type;

    /// <summary>Resource.id, or null.</summary>
    public string? Id => Root.FirstChild("id") is { HasValue: true } id ? id.Text : null;

    public Element Root => new(this, 0);

    /// <summary>
    /// The resource that an element of this one holds (a Bundle entry's, for example), as one of its own. It shares the text; nothing is read again.
    /// </summary>
    /// <param name="element">An element of this resource whose type is a resource type.</param>
    public Resource Extract(Element element)
    {
        Debug.Assert(ReferenceEquals(element.Resource, this) && element.Type.IsResource, "Only a resource can be taken out of a resource.");
        var (first, start) = (element.Index, Nodes[element.Index].Start);
        var extracted = Nodes.AsSpan(first, Nodes[first].End - first).ToArray();
        foreach (ref var node in extracted.AsSpan())
        {
            node.Parent -= first;
            node.End -= first;
            node.NameEnd -= first;
            node.Start -= start;
        }
        ref var root = ref extracted[0];
        (root.Definition, root.Parent, root.Ordinal, root.NameEnd, root.Flags) = (null, 0, 0, root.End, NodeFlags.None);
        return new Resource(Release, Json.Slice(start, Nodes[first].Length), extracted, extracted.Length);
    }

    internal Node[] Nodes { get; }
    internal int Count { get; }
}
