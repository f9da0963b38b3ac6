namespace EventFhir.Model.Elements;

/// <summary>Another value for a string of a resource.</summary>
/// <param name="Element">A primitive whose JSON value is a string.</param>
/// <param name="Value">The content of a JSON string, in UTF-8, with the escapes that it needs; not empty.</param>
public readonly record struct Replacement(Element Element, byte[] Value);

/// <summary>A replacement as a cut in the text.</summary>
internal readonly record struct Splice(int Start, int Length, byte[] Value)
{
    public Splice(Node node, byte[] value)
        : this(node.Start, node.Length, value)
    {
    }

    /// <param name="splices">In order, without overlap.</param>
    /// <param name="length">Of the new text.</param>
    public static byte[] Apply(ReadOnlySpan<byte> text, Splice[] splices, int length)
    {
        var result = new byte[length];
        var (read, written) = (0, 0);
        foreach (var splice in splices)
        {
            text[read..splice.Start].CopyTo(result.AsSpan(written));
            written += splice.Start - read;
            splice.Value.CopyTo(result.AsSpan(written));
            written += splice.Value.Length;
            read = splice.Start + splice.Length;
        }
        text[read..].CopyTo(result.AsSpan(written));
        return result;
    }
}
