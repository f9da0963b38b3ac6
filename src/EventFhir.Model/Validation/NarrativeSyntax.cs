using System.Buffers.Text;
using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Xml;

namespace EventFhir.Model.Validation;

/// <summary>
/// The XHTML that a narrative may hold (R4 narrative.html, invariants txt-1 and txt-2): well-formed XML, one div in the XHTML namespace, formatting
/// elements and attributes only, nothing active, and some content. One pass over the bytes.
/// </summary>
internal ref struct NarrativeSyntax
{
    private const string MarkupFault = "The narrative is not well-formed XML.";

    private static readonly Utf8NameMap<string> Elements = Names(
        "a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img li ol p pre q samp small "
        + "span strong sub sup table tbody td tfoot th thead tr tt ul var");

    private static readonly Utf8NameMap<AttributeName> Attributes = AttributeNames(
        "abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset cite class colspan compact "
        + "coords dir frame headers height href hreflang hspace id lang longdesc name nowrap rel rev rowspan rules scope shape span src start style "
        + "summary tabindex title type valign value vspace width");

    /// <summary>A backslash could spell any of the others.</summary>
    private static readonly string[] ActiveStyles = ["expression(", "script:", "data:text", "@import", "behavior:", "binding:", "\\"];

    private readonly ReadOnlySpan<byte> text;
    private readonly Span<(int Start, int Length)> open;
    private int at;
    private int depth;
    private bool hasContent;

    private NarrativeSyntax(ReadOnlySpan<byte> text, Span<(int Start, int Length)> open)
    {
        this.text = text;
        this.open = open;
    }

    /// <summary>What is wrong with the narrative; null if nothing is.</summary>
    /// <param name="xhtml">The content of Narrative.div as UTF-8, without JSON escapes.</param>
    public static string? Fault(ReadOnlySpan<byte> xhtml)
    {
        if (!XmlText.IsOfCharacters(xhtml)) return MarkupFault;
        Span<(int, int)> open = stackalloc (int, int)[Limits.NarrativeDepthMax];
        return new NarrativeSyntax(xhtml, open).Read();
    }

    private string? Read()
    {
        SkipSpace();
        if (!text[at..].StartsWith("<div"u8)) return "The narrative must be one div element.";
        do
        {
            if ((text[at] == '<' ? ReadMarkup() : ReadText()) is { } fault) return fault;
        }
        while (depth > 0 && at < text.Length);
        if (depth > 0) return MarkupFault;
        SkipSpace();
        if (at < text.Length) return "The narrative must be one div element.";
        return hasContent ? null : "The narrative must have some content (txt-2).";
    }

    private string? ReadText()
    {
        var end = text[at..].IndexOf((byte)'<');
        var content = end < 0 ? text[at..] : text.Slice(at, end);
        hasContent |= content.ContainsAnyExcept(" \t\r\n"u8);
        at += content.Length;
        // XML 1.0, 2.4: it ends a CDATA section and nothing else.
        return content.IndexOf("]]>"u8) >= 0 ? MarkupFault : References(content);
    }

    private string? ReadMarkup()
    {
        var rest = text[at..];
        if (rest.StartsWith("</"u8)) return ReadEndTag();
        if (rest.StartsWith("<!--"u8)) return ReadComment();
        if (rest.StartsWith("<![CDATA["u8))
        {
            hasContent = true;
            return SkipTo("]]>"u8, from: 9);
        }
        return rest.Length > 1 && rest[1] is ((byte)'!' or (byte)'?')
            ? "A narrative holds no document type and no processing instruction."
            : ReadStartTag();
    }

    /// <summary>XML 1.0, 2.5: "--" occurs at the end of a comment only.</summary>
    private string? ReadComment() => SkipTo("--"u8, from: 4) ?? (text[at..].StartsWith(">"u8) ? SkipTo(">"u8, from: 0) : MarkupFault);

    private string? SkipTo(ReadOnlySpan<byte> end, int from)
    {
        var found = at + from <= text.Length ? text[(at + from)..].IndexOf(end) : -1;
        if (found < 0) return MarkupFault;
        at += from + found + end.Length;
        return null;
    }

    private string? ReadEndTag()
    {
        at += 2;
        var name = ReadName();
        SkipSpace();
        var (start, length) = open[--depth];
        if (at >= text.Length || text[at] != '>' || !name.SequenceEqual(text.Slice(start, length))) return MarkupFault;
        at++;
        return null;
    }

    private string? ReadStartTag()
    {
        at++;
        var start = at;
        var name = ReadName();
        if (name.IsEmpty) return MarkupFault;
        if (Elements.Find(name) is null) return "The narrative holds an element that R4 narrative.html does not allow (txt-1).";
        var attributes = new AttributeFindings();
        while (true)
        {
            var before = at;
            SkipSpace();
            if (at >= text.Length) return MarkupFault;
            if (text[at] is (byte)'>' or (byte)'/') break;
            if (before == at) return MarkupFault;
            if (ReadAttribute(ref attributes) is { } fault) return fault;
        }
        if (depth == 0 && !attributes.HasNamespace) return "The div of a narrative must be in the namespace http://www.w3.org/1999/xhtml.";
        hasContent |= attributes.HasSource && name.SequenceEqual("img"u8);
        if (text[at] == '/')
        {
            if (++at >= text.Length || text[at] != '>') return MarkupFault;
        }
        else
        {
            if (depth == Limits.NarrativeDepthMax) return $"The elements of a narrative nest at most {Limits.NarrativeDepthMax} deep.";
            open[depth++] = (start, name.Length);
        }
        at++;
        return null;
    }

    private string? ReadAttribute(ref AttributeFindings findings)
    {
        var name = ReadName();
        SkipSpace();
        if (name.IsEmpty || at >= text.Length || text[at] != '=') return MarkupFault;
        at++;
        SkipSpace();
        if (at >= text.Length || text[at] is not ((byte)'"' or (byte)'\'')) return MarkupFault;
        var length = text[(at + 1)..].IndexOf(text[at]);
        if (length < 0) return MarkupFault;
        var value = text.Slice(at + 1, length);
        at += length + 2;
        if (value.Contains((byte)'<')) return MarkupFault;
        if (References(value) is { } fault) return fault;
        if (name.SequenceEqual("xmlns"u8))
        {
            findings.HasNamespace = value.SequenceEqual("http://www.w3.org/1999/xhtml"u8);
            return findings.HasNamespace ? null : "A narrative is in the namespace http://www.w3.org/1999/xhtml, all of it.";
        }
        if (Attributes.Find(name) is not { } known) return "The narrative holds an attribute that R4 narrative.html does not allow (txt-1).";
        if (!findings.IsNew(known)) return MarkupFault;
        switch (known.Name)
        {
            case "src":
                findings.HasSource = true;
                return LinkFault(value);
            case "href" or "cite" or "longdesc": return LinkFault(value);
            case "style": return StyleFault(value);
            default: return null;
        }
    }

    /// <summary>Links lead to pages, mail and pictures; a list of what is allowed, since what is active changes with the browsers.</summary>
    private static string? LinkFault(ReadOnlySpan<byte> value)
    {
        var link = Plain(value);
        var colon = link.IndexOf(':');
        if (colon < 0 || link.AsSpan(0, colon).ContainsAny("/?#")) return null;
        var isAllowed = link[..colon] is "http" or "https" or "mailto" or "tel" or "ftp" or "urn" or "cid"
            || link.StartsWith("data:image/", StringComparison.Ordinal);
        return isAllowed ? null : "A link in a narrative is http, https, mailto, tel, ftp, urn, cid or a picture as data:, so that it is not active.";
    }

    private static string? StyleFault(ReadOnlySpan<byte> value)
    {
        var style = Plain(value);
        foreach (var active in ActiveStyles)
            if (style.Contains(active, StringComparison.Ordinal)) return "A style in a narrative must not run anything or import other styles.";
        return null;
    }

    /// <summary>The value as a browser understands it: references resolved, white space and controls gone, lower case.</summary>
    private static string Plain(ReadOnlySpan<byte> value)
    {
        var plain = new StringBuilder(value.Length);
        while (!value.IsEmpty)
        {
            if (value[0] == '&' && TryReference(value, out var resolved, out var length))
            {
                if (resolved.Value > ' ') plain.Append(resolved.ToString());
                value = value[length..];
                continue;
            }
            if (value[0] > ' ') plain.Append((char)value[0]);
            value = value[1..];
        }
        return plain.ToString().ToLowerInvariant();
    }

    /// <summary>XML knows five entities and numbers; those of HTML are not defined here (R4 narrative.html).</summary>
    private static string? References(ReadOnlySpan<byte> content)
    {
        for (var step = content.IndexOf((byte)'&'); step >= 0; step = content.IndexOf((byte)'&'))
        {
            content = content[step..];
            if (!TryReference(content, out _, out var length))
                return "The narrative holds \"&\" or an entity that XML does not define; write the character itself.";
            content = content[length..];
        }
        return null;
    }

    private static bool TryReference(ReadOnlySpan<byte> text, out Rune character, out int length)
    {
        character = default;
        length = text[..Math.Min(text.Length, 12)].IndexOf((byte)';') + 1;
        if (length < 3) return false;
        var name = text[1..(length - 1)];
        if (name[0] != '#')
        {
            var known = name.SequenceEqual("amp"u8) ? '&' : name.SequenceEqual("lt"u8) ? '<' : name.SequenceEqual("gt"u8) ? '>'
                : name.SequenceEqual("quot"u8) ? '"' : name.SequenceEqual("apos"u8) ? '\'' : '\0';
            character = new Rune(known);
            return known != '\0';
        }
        var isHex = name.Length > 1 && name[1] == 'x';
        var digits = name[(isHex ? 2 : 1)..];
        return Utf8Parser.TryParse(digits, out uint number, out var consumed, isHex ? 'x' : 'd') && consumed == digits.Length
            && (number is >= ' ' and not (0xFFFE or 0xFFFF) or '\t' or '\n' or '\r') && Rune.TryCreate(number, out character);
    }

    private ReadOnlySpan<byte> ReadName()
    {
        var start = at;
        while (at < text.Length && IsNamePart(text[at])) at++;
        return text[start..at];
    }

    private static bool IsNamePart(byte octet) =>
        char.IsAsciiLetterOrDigit((char)octet) || octet is (byte)':' or (byte)'-' or (byte)'_' or (byte)'.' or >= 0x80;

    private void SkipSpace()
    {
        while (at < text.Length && text[at] is ((byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')) at++;
    }

    private static Utf8NameMap<string> Names(string names) => Utf8NameMap<string>.Of(names.Split(' '), static name => (name, name));

    private static Utf8NameMap<AttributeName> AttributeNames(string names) =>
        Utf8NameMap<AttributeName>.Of(names.Split(' ').Index(), static entry => (entry.Item, new AttributeName(entry.Item, 1UL << entry.Index)));

    /// <summary>An attribute that is allowed, with a bit of its own.</summary>
    private sealed record AttributeName(string Name, ulong Bit);

    /// <summary>What the attributes of one start tag were.</summary>
    private struct AttributeFindings
    {
        private ulong seen;

        public bool HasNamespace { get; set; }
        public bool HasSource { get; set; }

        public bool IsNew(AttributeName name)
        {
            var isNew = (seen & name.Bit) == 0;
            seen |= name.Bit;
            return isNew;
        }
    }
}
