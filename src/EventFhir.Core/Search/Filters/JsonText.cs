using System.Globalization;
using System.Text;

namespace EventFhir.Core.Search.Filters;

/// <summary>A JSON string within other text (RFC 8259, 7).</summary>
internal static class JsonText
{
    /// <param name="at">At the opening quote; moved behind the closing one, or to what is wrong.</param>
    public static bool TryRead(string text, ref int at, out string value)
    {
        value = "";
        var result = new StringBuilder();
        for (at++; at < text.Length; at++)
        {
            var c = text[at];
            if (c == '"')
            {
                value = result.ToString();
                at++;
                return IsWellFormed(value);
            }
            if (c < ' ') return false;
            if (c == '\\' && !TryEscape(text, ref at, out c)) return false;
            result.Append(c);
        }
        return false;
    }

    private static bool TryEscape(string text, ref int at, out char c)
    {
        at++;
        var letter = at < text.Length ? text[at] : '\0';
        c = letter switch { 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', '"' or '\\' or '/' => letter, _ => '\0' };
        if (letter != 'u') return c != '\0';
        if (at + 4 >= text.Length) return false;
        if (!ushort.TryParse(text.AsSpan(at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit)) return false;
        at += 4;
        c = (char)unit;
        return unit != 0;
    }

    /// <summary>No half of a surrogate pair, which no stored text has.</summary>
    private static bool IsWellFormed(string text)
    {
        for (var place = 0; place < text.Length; place++)
        {
            if (!char.IsSurrogate(text[place])) continue;
            if (place + 1 == text.Length || !char.IsSurrogatePair(text[place], text[place + 1])) return false;
            place++;
        }
        return true;
    }
}
