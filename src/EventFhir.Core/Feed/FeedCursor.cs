using System.Globalization;

namespace EventFhir.Core.Feed;

/// <summary>A place in the feed: everything at or before it has been seen. Written as e&lt;epoch&gt;.&lt;position&gt;, for example e1.4711.</summary>
/// <param name="Epoch">From 1; rises when the log was restored, rewound or moved.</param>
/// <param name="Position">0: before the first event.</param>
public readonly record struct FeedCursor(int Epoch, long Position)
{
    public static bool TryParse(ReadOnlySpan<char> text, out FeedCursor cursor)
    {
        cursor = default;
        var dot = text.IndexOf('.');
        if (dot < 2 || text[0] != 'e'
            || !int.TryParse(text[1..dot], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            || !long.TryParse(text[(dot + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var position)
            || epoch == 0) return false;
        cursor = new FeedCursor(epoch, position);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"e{Epoch}.{Position}");
}
