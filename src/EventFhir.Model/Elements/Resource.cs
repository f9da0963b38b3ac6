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

    internal Node[] Nodes { get; }
    internal int Count { get; }
}
