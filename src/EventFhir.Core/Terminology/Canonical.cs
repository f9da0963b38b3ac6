namespace EventFhir.Core.Terminology;

/// <summary>A canonical URL with the business version asked for, "http://hl7.org/fhir/ValueSet/x|4.0.1"; without one the newest is meant.</summary>
/// <param name="Version">Null for the newest.</param>
public readonly record struct Canonical(string Url, string? Version)
{
    public static Canonical Parse(string text)
    {
        var bar = text.LastIndexOf('|');
        return bar > 0 && bar < text.Length - 1 ? new(text[..bar], text[(bar + 1)..]) : new(bar > 0 ? text[..bar] : text, null);
    }

    public override string ToString() => Version is null ? Url : $"{Url}|{Version}";
}

/// <summary>Orders business versions: numbers within them by value ("4.0.10" after "4.0.9"), all else by its characters; none comes first.</summary>
public sealed class BusinessVersionOrder : IComparer<string?>
{
    public static readonly BusinessVersionOrder Instance = new();

    public int Compare(string? x, string? y)
    {
        if (x is null || y is null) return (x is not null).CompareTo(y is not null);
        var (left, right) = (Parts(x), Parts(y));
        for (var place = 0; place < Math.Min(left.Count, right.Count); place++)
        {
            var order = ComparePart(left[place], right[place]);
            if (order != 0) return order;
        }
        // A pre-release ("1.0-rc") comes before what it leads to.
        if (left.Count == right.Count) return string.CompareOrdinal(x, y);
        return left.Count > right.Count ? LongerIsLater(x, left, right.Count) : -LongerIsLater(y, right, left.Count);
    }

    private static int LongerIsLater(string text, List<string> parts, int from) =>
        char.IsAsciiDigit(parts[from][0]) && !text.Contains('-', StringComparison.Ordinal) ? 1 : -1;

    private static int ComparePart(string left, string right)
    {
        if (!char.IsAsciiDigit(left[0]) || !char.IsAsciiDigit(right[0])) return string.CompareOrdinal(left, right);
        var (shortLeft, shortRight) = (left.TrimStart('0'), right.TrimStart('0'));
        return shortLeft.Length != shortRight.Length
            ? shortLeft.Length.CompareTo(shortRight.Length)
            : string.CompareOrdinal(shortLeft, shortRight);
    }

    /// <summary>Runs of digits, and runs of letters.</summary>
    private static List<string> Parts(string version)
    {
        var parts = new List<string>();
        for (var start = 0; start < version.Length;)
        {
            var isDigit = char.IsAsciiDigit(version[start]);
            var end = start;
            while (end < version.Length && char.IsAsciiDigit(version[end]) == isDigit && char.IsLetterOrDigit(version[end])) end++;
            if (end > start) parts.Add(version[start..end]);
            start = end == start ? end + 1 : end;
        }
        return parts;
    }
}
