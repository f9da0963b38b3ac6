using System.Net;
using System.Text;

using EventFhir.Core.Search.Words;
using EventFhir.Model.Elements;

namespace EventFhir.Core.Search.Indexing;

/// <summary>The text that a reader sees of a narrative: its XHTML without tags and comments, for _text.</summary>
internal static class NarrativeText
{
    /// <summary>Null if the resource has no narrative, or an empty one.</summary>
    public static string? Of(Element root)
    {
        if (root.FirstChild("text") is not { } narrative || narrative.ValueOf("div") is not { Resource: not null } div) return null;
        var text = Read(div.Text);
        return text.Length == 0 ? null : text;
    }

    /// <summary>Null if there is none.</summary>
    public static TextWords? WordsOf(Element root) =>
        Of(root) is { } text && TextWords.Of(text) is { IsEmpty: false } words ? words : null;

    public static string Read(string xhtml)
    {
        var text = new StringBuilder(xhtml.Length);
        var rest = xhtml.AsSpan();
        while (!rest.IsEmpty)
        {
            var tag = rest.IndexOf('<');
            Append(text, tag < 0 ? rest : rest[..tag]);
            if (tag < 0) break;
            rest = rest[tag..];
            var end = rest.StartsWith("<!--", StringComparison.Ordinal) ? rest.IndexOf("-->", StringComparison.Ordinal) + 2 : rest.IndexOf('>');
            if (end < 2 && rest[Math.Max(end, 0)] != '>') break;
            rest = rest[(end + 1)..];
            Space(text);
        }
        return WebUtility.HtmlDecode(text.ToString().TrimEnd());
    }

    private static void Append(StringBuilder text, ReadOnlySpan<char> part)
    {
        foreach (var character in part)
        {
            if (char.IsWhiteSpace(character)) Space(text);
            else text.Append(character);
        }
    }

    private static void Space(StringBuilder text)
    {
        if (text.Length > 0 && text[^1] != ' ') text.Append(' ');
    }
}
