using System.Text;
using System.Xml;

namespace EventFhir.Model.Xml;

/// <summary>
/// Takes the narrative out of XML: as it is written there, so that not one character changes on the way to JSON and back. Only where its namespace is
/// declared outside of it, it is written anew without prefixes. Whether it is a correct narrative is for the JSON reader to judge.
/// </summary>
/// <param name="text">The whole text that the reader reads.</param>
internal struct NarrativeSource(string text)
{
    public const string Namespace = "http://www.w3.org/1999/xhtml";
    private int line = 1;
    private int lineStart;

    /// <summary>Reads a div from its start tag to its end, where the reader then stands. Null if something in it is in another namespace.</summary>
    public string? Read(XmlReader reader)
    {
        var isWhole = reader.Prefix.Length == 0 && reader.GetAttribute("xmlns") == Namespace && !reader.IsEmptyElement;
        if (!isWhole) return Rewrite(reader);
        var start = IndexOf((IXmlLineInfo)reader) - 1;
        var depth = reader.Depth;
        while (reader.Read() && !(reader.NodeType is XmlNodeType.EndElement && reader.Depth == depth)) { }
        return text[start..(text.IndexOf('>', IndexOf((IXmlLineInfo)reader)) + 1)];
    }

    /// <summary>The index in the text. Positions only ever grow, so lines are counted once.</summary>
    private int IndexOf(IXmlLineInfo position)
    {
        while (line < position.LineNumber)
        {
            lineStart += text.AsSpan(lineStart).IndexOfAny('\r', '\n') + 1;
            if (text[lineStart - 1] == '\r' && lineStart < text.Length && text[lineStart] == '\n') lineStart++;
            line++;
        }
        return lineStart + position.LinePosition - 1;
    }

    private static string? Rewrite(XmlReader reader)
    {
        var xhtml = new StringBuilder();
        var depth = reader.Depth;
        do
        {
            switch (reader.NodeType)
            {
                case XmlNodeType.Element:
                    if (!TryStart(reader, xhtml, reader.Depth == depth)) return null;
                    break;
                case XmlNodeType.EndElement:
                    xhtml.Append("</").Append(reader.LocalName).Append('>');
                    break;
                default:
                    Append(xhtml, reader.Value);
                    break;
            }
        }
        while (!IsEnd(reader, depth) && reader.Read());
        return xhtml.ToString();
    }

    private static bool IsEnd(XmlReader reader, int depth) =>
        reader.Depth == depth && (reader.NodeType is XmlNodeType.EndElement || reader.IsEmptyElement);

    private static bool TryStart(XmlReader reader, StringBuilder xhtml, bool isOutermost)
    {
        if (reader.NamespaceURI != Namespace) return false;
        xhtml.Append('<').Append(reader.LocalName);
        if (isOutermost) xhtml.Append(" xmlns=\"").Append(Namespace).Append('"');
        for (var i = 0; i < reader.AttributeCount; i++)
        {
            reader.MoveToAttribute(i);
            if (reader.NamespaceURI == XmlTreeReader.Declarations) continue;
            if (reader.NamespaceURI.Length > 0) return false;
            xhtml.Append(' ').Append(reader.LocalName).Append("=\"");
            Append(xhtml, reader.Value);
            xhtml.Append('"');
        }
        reader.MoveToElement();
        xhtml.Append(reader.IsEmptyElement ? "/>" : ">");
        return true;
    }

    private static void Append(StringBuilder xhtml, string text)
    {
        foreach (var character in text)
        {
            _ = character switch
            {
                '&' => xhtml.Append("&amp;"),
                '<' => xhtml.Append("&lt;"),
                '>' => xhtml.Append("&gt;"),
                '"' => xhtml.Append("&quot;"),
                _ => xhtml.Append(character),
            };
        }
    }
}
