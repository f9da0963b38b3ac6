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

    /// <summary>All elements, the root first.</summary>
    public IEnumerable<Element> Elements
    {
        get
        {
            for (var index = 0; index < Count; index++) yield return new Element(this, index);
        }
    }

    /// <summary>
    /// The resource with other values in the place of some; the view is moved along, nothing is read again. What the new values mean is not
    /// checked.
    /// </summary>
    /// <param name="replacements">Each of another string of this resource, in any order.</param>
    public Resource With(IReadOnlyList<Replacement> replacements)
    {
        if (replacements.Count == 0) return this;
        var splices = replacements.Select(replacement => new Splice(Nodes[replacement.Element.Index], replacement.Value)).ToArray();
        Array.Sort(splices, static (a, b) => a.Start - b.Start);
        var moved = new int[splices.Length + 1];
        for (var place = 0; place < splices.Length; place++) moved[place + 1] = moved[place] + splices[place].Value.Length - splices[place].Length;
        var nodes = Nodes.AsSpan(0, Count).ToArray();
        foreach (ref var node in nodes.AsSpan())
        {
            var end = NewPlaceOf(node.Start + node.Length);
            node.Start = NewPlaceOf(node.Start);
            node.Length = end - node.Start;
        }
        foreach (var replacement in replacements)
        {
            ref var node = ref nodes[replacement.Element.Index];
            node.Flags = replacement.Value.AsSpan().Contains((byte)'\\') ? node.Flags | NodeFlags.IsEscaped : node.Flags & ~NodeFlags.IsEscaped;
        }
        return new Resource(Release, Splice.Apply(Json.Span, splices, Json.Length + moved[^1]), nodes, Count);

        // Every replacement that begins before a place moves it; one that begins there does not, since it is the value itself.
        int NewPlaceOf(int place)
        {
            var (low, high) = (0, splices.Length);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (splices[middle].Start < place) low = middle + 1;
                else high = middle;
            }
            return place + moved[low];
        }
    }

    internal Node[] Nodes { get; }
    internal int Count { get; }
}
