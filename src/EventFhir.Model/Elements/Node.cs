using EventFhir.Model.Definitions;

namespace EventFhir.Model.Elements;

[Flags]
internal enum NodeFlags : byte
{
    None = 0,

    /// <summary>A primitive with a value (it may instead have only an id or extensions).</summary>
    HasValue = 1,

    /// <summary>The value is a JSON string, so Start and Length exclude the quotes.</summary>
    IsString = 2,

    /// <summary>The JSON string holds escapes.</summary>
    IsEscaped = 4,

    /// <summary>The element repeats in its definition, so its location carries an index.</summary>
    IsIndexed = 8,

    /// <summary>While reading only: an item of a JSON property "_name".</summary>
    IsCompanion = 16,

    /// <summary>The value was refused, so that it is not here.</summary>
    IsFaulty = 32,
}

/// <summary>
/// One element of a resource. Nodes lie in document order: the children of node i start at i + 1, and its next sibling is at End.
/// All items of an array are siblings. A primitive's id and extensions (JSON "_name") are its children.
/// </summary>
/// <param name="Definition">Null for the root.</param>
/// <param name="Start">Where the JSON value starts in the text: for strings, after the quote.</param>
/// <param name="Ordinal">The place among the siblings of the same name.</param>
internal record struct Node(
    ElementDefinition? Definition, TypeDefinition Type, int Parent, int End, int Start, int Length, int Ordinal, NodeFlags Flags)
{
    /// <summary>
    /// Where the last sibling of the same name ends. Looking for another name goes on there, so that it takes no longer when an array is long.
    /// </summary>
    public int NameEnd;

    /// <summary>Fills <see cref="NameEnd"/> when all nodes are there: from the back, each node learns it from its next sibling.</summary>
    public static void LinkNames(Span<Node> nodes)
    {
        for (var index = nodes.Length - 1; index >= 0; index--)
        {
            ref var node = ref nodes[index];
            node.NameEnd = node.End;
            if (node.End >= nodes.Length) continue;
            ref var next = ref nodes[node.End];
            if (next.Ordinal > 0 && next.Parent == node.Parent) node.NameEnd = next.NameEnd;
        }
    }
}
