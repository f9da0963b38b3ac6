using System.Buffers;
using System.Text;

namespace EventFhir.Core.Bundles;

/// <summary>The values of href and src in the XHTML of a narrative, as it stands in a JSON string: with quotes as <c>\"</c> or <c>'</c>.</summary>
internal static class NarrativeLinks
{
    private static readonly SearchValues<string> Names = SearchValues.Create(["href", "src"], StringComparison.Ordinal);
    private static readonly string[] Quotes = ["\\\"", "'"];

    /// <param name="replace">What stands in place of a link; null for the link as it is.</param>
    /// <returns>Null if nothing was replaced.</returns>
    public static string? Replace(string json, Func<string, string?> replace)
    {
        StringBuilder? result = null;
        var copied = 0;
        for (var at = 0; Next(json, at) is { } link; at = link.End)
        {
            if (replace(json[link.Start..link.End]) is not { } replaced) continue;
            result ??= new StringBuilder(json.Length + 64);
            result.Append(json, copied, link.Start - copied).Append(replaced);
            copied = link.End;
        }
        return result?.Append(json, copied, json.Length - copied).ToString();
    }

    private static (int Start, int End)? Next(string json, int from)
    {
        while (true)
        {
            var at = json.AsSpan(from).IndexOfAny(Names);
            if (at < 0) return null;
            from += at + (json[from + at] == 'h' ? "href" : "src").Length;
            if (ValueAt(json, from) is { } value) return value;
        }
    }

    /// <summary>What stands between quotes after an equals sign.</summary>
    private static (int Start, int End)? ValueAt(string json, int at)
    {
        at = SkipSpace(json, at);
        if (at >= json.Length || json[at] != '=') return null;
        at = SkipSpace(json, at + 1);
        foreach (var quote in Quotes)
        {
            if (string.CompareOrdinal(json, at, quote, 0, quote.Length) != 0) continue;
            var start = at + quote.Length;
            var end = json.IndexOf(quote, start, StringComparison.Ordinal);
            return end < 0 ? null : (start, end);
        }
        return null;
    }

    private static int SkipSpace(string json, int at)
    {
        while (at < json.Length)
        {
            if (json[at] == ' ') at++;
            else if (json[at] == '\\' && at + 1 < json.Length && json[at + 1] is 'n' or 'r' or 't') at += 2;
            else break;
        }
        return at;
    }
}
