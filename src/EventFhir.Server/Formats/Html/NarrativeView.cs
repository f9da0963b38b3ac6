using System.Xml;

namespace EventFhir.Server.Formats.Html;

/// <summary>
/// A stored narrative as HTML. It was checked when it was stored, but as XHTML, and browsers read HTML by other rules (comments, CDATA, empty
/// elements), so it is written anew. Styles are left out: they could cover the rest of the page.
/// </summary>
internal static class NarrativeView
{
    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true, IgnoreProcessingInstructions = true,
    };

    private static readonly HashSet<string> Void = ["br", "col", "hr", "img"];

    private static readonly HashSet<string> Elements =
    [
        .. Void, .. "a abbr acronym b big blockquote caption cite code colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 i li ol p pre q".Split(' '),
        .. "samp small span strong sub sup table tbody td tfoot th thead tr tt ul var".Split(' '),
    ];

    private static readonly HashSet<string> Attributes =
        ["abbr", "align", "alt", "colspan", "dir", "height", "href", "lang", "rowspan", "scope", "span", "src", "start", "title", "valign", "width"];

    /// <param name="xhtml">The content of Narrative.div.</param>
    /// <param name="baseUrl">What relative links are relative to: "Patient/1" is a resource of this server, as in a reference.</param>
    public static void Write(HtmlText html, string xhtml, string baseUrl)
    {
        using var reader = XmlReader.Create(new StringReader(xhtml), Settings);
        try
        {
            while (reader.Read()) Write(html, reader, baseUrl);
        }
        catch (XmlException)
        {
            html.Raw("<p class=\"error\">The narrative cannot be shown.</p>");
        }
    }

    private static void Write(HtmlText html, XmlReader reader, string baseUrl)
    {
        var name = reader.LocalName;
        switch (reader.NodeType)
        {
            case XmlNodeType.Element when Elements.Contains(name):
                var isEmpty = reader.IsEmptyElement;
                html.Raw("<").Raw(name);
                while (reader.MoveToNextAttribute())
                    if (IsShown(reader)) html.Raw(" ").Raw(reader.LocalName).Raw("=\"").Text(ValueOf(reader, baseUrl)).Raw("\"");
                html.Raw(">");
                if (isEmpty && !Void.Contains(name)) html.Raw("</").Raw(name).Raw(">");
                break;
            case XmlNodeType.EndElement when Elements.Contains(name) && !Void.Contains(name):
                html.Raw("</").Raw(name).Raw(">");
                break;
            case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace:
                html.Text(reader.Value);
                break;
        }
    }

    private static bool IsShown(XmlReader attribute)
    {
        if (attribute.Prefix.Length > 0 || !Attributes.Contains(attribute.LocalName)) return false;
        return attribute.LocalName switch
        {
            "src" => attribute.Value.StartsWith("data:image/", StringComparison.Ordinal),
            "href" => IsHarmless(attribute.Value),
            _ => true,
        };
    }

    private static string ValueOf(XmlReader attribute, string baseUrl)
    {
        var value = attribute.Value;
        var isRelative = attribute.LocalName is "href" && value is [>= 'A' and <= 'Z', ..] && !value.Contains(':', StringComparison.Ordinal);
        return isRelative ? $"{baseUrl}/{value}" : value;
    }

    private static bool IsHarmless(string link)
    {
        var colon = link.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || link.AsSpan(0, colon).ContainsAny("/?#") || link[..colon].ToLowerInvariant() is "http" or "https" or "mailto" or "tel";
    }
}
