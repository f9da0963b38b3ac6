using System.Collections.Immutable;
using System.Text;

namespace EventFhir.Core.Search;

/// <summary>Search values with the escapes "\," "\$" "\|" and "\\" (R4 search.html#escaping): split first, unescape last.</summary>
internal static class EscapedText
{
    /// <summary>The parts between separators that are not escaped; their escapes are still in place.</summary>
    public static ImmutableArray<string> Split(string text, char separator)
    {
        if (!text.Contains(separator)) return [text];
        var parts = ImmutableArray.CreateBuilder<string>();
        var start = 0;
        for (var position = 0; position < text.Length; position++)
        {
            if (text[position] == '\\') position++;
            else if (text[position] == separator)
            {
                parts.Add(text[start..position]);
                start = position + 1;
            }
        }
        parts.Add(text[start..]);
        return parts.ToImmutable();
    }

    /// <summary>False if a backslash does not begin one of the four escapes.</summary>
    public static bool TryUnescape(string text, out string plain)
    {
        plain = text;
        if (!text.Contains('\\')) return true;
        var result = new StringBuilder(text.Length);
        for (var position = 0; position < text.Length; position++)
        {
            if (text[position] == '\\')
            {
                position++;
                if (position == text.Length || text[position] is not (',' or '$' or '|' or '\\')) return false;
            }
            result.Append(text[position]);
        }
        plain = result.ToString();
        return true;
    }
}
