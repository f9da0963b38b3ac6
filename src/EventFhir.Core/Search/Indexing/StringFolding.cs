using System.Globalization;
using System.Numerics;
using System.Text;

using EventFhir.Model.Elements;

namespace EventFhir.Core.Search.Indexing;

/// <summary>
/// Makes texts comparable for search: NFKD, accents and points removed, full case folding, runs of white space as one space.
/// Vowel signs, nukta, virama and kana voicing stay, because they tell letters apart. Works without ICU, from Folding.txt (eng/folding).
/// </summary>
public static class StringFolding
{
    private const int BufferLength = 512;
    private const int HangulFirst = 0xAC00;
    private const int HangulLast = 0xD7A3;

    /// <summary>By page of 256 code points: what each folds to; null for itself.</summary>
    private static readonly Lazy<string?[]?[]> Pages = new(ReadPages);

    public static string Fold(string text)
    {
        Span<char> buffer = stackalloc char[BufferLength];
        if (text.Length > buffer.Length || !TryFoldAscii<char>(text, buffer, out var length)) return FoldAny(text);
        return buffer[..length].SequenceEqual(text) ? text : buffer[..length].ToString();
    }

    /// <summary>A text as string searches compare it: folded, and without punctuation.</summary>
    public static string Normalize(string text) => WithoutPunctuation(Fold(text));

    /// <summary>What counts of a folded text in string searches (R4 search.html#string: "punctuation and non-significant whitespace … should also be
    /// ignored"): of "o'brien - j." it is "obrien j". Signs such as + and $ are no punctuation.</summary>
    public static string WithoutPunctuation(string folded)
    {
        var first = 0;
        while (first < folded.Length && !char.IsPunctuation(folded[first])) first++;
        if (first == folded.Length) return folded;
        var text = new StringBuilder(folded.Length).Append(folded, 0, first);
        foreach (var unit in folded.AsSpan(first))
        {
            if (char.IsPunctuation(unit)) continue;
            if (unit == ' ' && (text.Length == 0 || text[^1] == ' ')) continue;
            text.Append(unit);
        }
        if (text.Length > 0 && text[^1] == ' ') text.Length--;
        return text.ToString();
    }

    /// <summary>Adds the folded text, as UTF-8, to a hash.</summary>
    internal static long Hash(long hash, Element text)
    {
        var utf8 = text.Utf8();
        Span<byte> buffer = stackalloc byte[BufferLength];
        return utf8.Length <= buffer.Length && TryFoldAscii(utf8, buffer, out var length)
            ? Hashing.With(hash, buffer[..length])
            : Hashing.With(hash, Encoding.UTF8.GetBytes(Fold(text.Text)));
    }

    private static bool TryFoldAscii<T>(ReadOnlySpan<T> text, Span<T> folded, out int length) where T : unmanaged, IBinaryInteger<T>
    {
        length = 0;
        var spacePending = false;
        foreach (var unit in text)
        {
            var character = uint.CreateTruncating(unit);
            if (character >= 0x80) return false;
            if (character <= ' ')
            {
                spacePending = length > 0;
                continue;
            }
            if (spacePending) folded[length++] = T.CreateTruncating(' ');
            spacePending = false;
            folded[length++] = character - 'A' <= 'Z' - 'A' ? unit + T.CreateTruncating(0x20) : unit;
        }
        return true;
    }

    private static string FoldAny(string text)
    {
        var folded = new StringBuilder(text.Length);
        var spacePending = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsSpace(rune))
            {
                spacePending = folded.Length > 0;
                continue;
            }
            if (spacePending) folded.Append(' ');
            spacePending = false;
            Append(folded, rune);
        }
        // A character such as U+00A8 folds to a space of its own.
        return folded.Length > 0 && (folded[^1] == ' ' || folded[0] == ' ') ? folded.ToString().Trim() : folded.ToString();
    }

    private static bool IsSpace(Rune rune) => rune.IsAscii ? rune.Value <= ' ' : Rune.IsWhiteSpace(rune);

    private static void Append(StringBuilder folded, Rune rune)
    {
        if (rune.IsAscii) folded.Append((char)(rune.Value is >= 'A' and <= 'Z' ? rune.Value + 0x20 : rune.Value));
        else if (rune.Value is >= HangulFirst and <= HangulLast) AppendHangul(folded, rune.Value - HangulFirst);
        else if (Find(rune.Value) is { } target) folded.Append(target);
        else AppendRune(folded, rune);
    }

    private static void AppendRune(StringBuilder folded, Rune rune)
    {
        Span<char> units = stackalloc char[2];
        folded.Append(units[..rune.EncodeToUtf16(units)]);
    }

    /// <summary>The arithmetic decomposition of the Unicode Standard, section 3.12.</summary>
    private static void AppendHangul(StringBuilder folded, int index)
    {
        folded.Append((char)(0x1100 + (index / 588))).Append((char)(0x1161 + (index % 588 / 28)));
        if (index % 28 > 0) folded.Append((char)(0x11A7 + (index % 28)));
    }

    private static string? Find(int point)
    {
        var page = point >> 8 < Pages.Value.Length ? Pages.Value[point >> 8] : null;
        return page?[point & 0xFF];
    }

    private static string?[]?[] ReadPages()
    {
        var pages = new string?[0x200][];
        using var stream = typeof(StringFolding).Assembly.GetManifestResourceStream("Folding.txt")
            ?? throw new InvalidOperationException("Folding.txt is not embedded.");
        using var reader = new StreamReader(stream, Encoding.ASCII);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#')) continue;
            foreach (var entry in line.AsSpan().Split(' ')) ReadEntry(pages, line.AsSpan(entry));
        }
        return pages;
    }

    private static void ReadEntry(string?[]?[] pages, ReadOnlySpan<char> entry)
    {
        var equals = entry.IndexOf('=');
        if (equals < 0) ReadRun(pages, entry);
        else Set(pages, Hex(entry[..equals]), Sequence(entry[(equals + 1)..]));
    }

    /// <summary>"41-5A+20", or "100-12E/2+1" for every second one.</summary>
    private static void ReadRun(string?[]?[] pages, ReadOnlySpan<char> entry)
    {
        var dash = entry.IndexOf('-');
        var sign = entry.LastIndexOfAny('+', '-');
        var span = entry[(dash + 1)..sign];
        var step = span.EndsWith("/2", StringComparison.Ordinal) ? 2 : 1;
        var distance = Hex(entry[(sign + 1)..]) * (entry[sign] == '-' ? -1 : 1);
        var last = Hex(step == 2 ? span[..^2] : span);
        for (var point = Hex(entry[..dash]); point <= last; point += step)
            Set(pages, point, char.ConvertFromUtf32(point + distance));
    }

    private static string Sequence(ReadOnlySpan<char> points)
    {
        var target = new StringBuilder();
        if (points.IsEmpty) return "";
        foreach (var point in points.Split(',')) target.Append(char.ConvertFromUtf32(Hex(points[point])));
        return target.ToString();
    }

    private static void Set(string?[]?[] pages, int point, string target) => (pages[point >> 8] ??= new string?[0x100])[point & 0xFF] = target;

    private static int Hex(ReadOnlySpan<char> digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
