using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace EventFhir.Server.Formats.Html;

/// <summary>The text of a page: what is markup is written as it is, all else is escaped.</summary>
internal sealed class HtmlText
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);
    private readonly StringBuilder text = new();

    /// <summary>Markup of the server's own.</summary>
    public HtmlText Raw(string markup)
    {
        text.Append(markup);
        return this;
    }

    /// <summary>Text, also for attributes in double quotes.</summary>
    public HtmlText Text(string? plain)
    {
        if (plain is not null) text.Append(Encoder.Encode(plain));
        return this;
    }

    public HtmlText Link(string url, string plain) => Raw("<a href=\"").Text(url).Raw("\">").Text(plain).Raw("</a>");

    public HtmlText Repeat(char character, int count)
    {
        text.Append(character, count);
        return this;
    }

    public ReadOnlyMemory<byte> ToUtf8() => Encoding.UTF8.GetBytes(text.ToString());
}
