namespace EventFhir.Core.Search;

/// <summary>A text in the order of its code points, which is also that of its UTF-8 bytes.</summary>
internal readonly record struct CodePoints(string Text) : IComparable<CodePoints>, IComparable
{
    /// <summary>The characters of a text that count for its order, as PostgreSQL counts characters.</summary>
    private const int CharactersMax = 256;

    public static IComparable FirstOf(string text)
    {
        if (text.Length <= CharactersMax) return new CodePoints(text);
        var length = 0;
        foreach (var rune in text.EnumerateRunes().Take(CharactersMax)) length += rune.Utf16SequenceLength;
        return new CodePoints(text[..length]);
    }

    public int CompareTo(CodePoints other)
    {
        var (left, right) = (Text.EnumerateRunes(), other.Text.EnumerateRunes());
        while (true)
        {
            var (hasLeft, hasRight) = (left.MoveNext(), right.MoveNext());
            if (!hasLeft || !hasRight) return hasLeft.CompareTo(hasRight);
            if (left.Current != right.Current) return left.Current.CompareTo(right.Current);
        }
    }

    public int CompareTo(object? obj) => obj is CodePoints other ? CompareTo(other) : 1;
    public static bool operator <(CodePoints left, CodePoints right) => left.CompareTo(right) < 0;
    public static bool operator >(CodePoints left, CodePoints right) => left.CompareTo(right) > 0;
    public static bool operator <=(CodePoints left, CodePoints right) => left.CompareTo(right) <= 0;
    public static bool operator >=(CodePoints left, CodePoints right) => left.CompareTo(right) >= 0;
}
