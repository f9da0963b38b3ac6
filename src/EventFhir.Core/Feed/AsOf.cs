using System.Globalization;

namespace EventFhir.Core.Feed;

/// <summary>A time that somebody asks about: an instant, or a place in the feed.</summary>
public abstract record AsOf
{
    private static readonly string[] Formats = ["yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK"];

    private AsOf() { }

    /// <summary>In UTC, whole microseconds.</summary>
    public sealed record Instant(DateTimeOffset At) : AsOf;

    public sealed record Place(FeedCursor Cursor) : AsOf;

    /// <summary>Null if the text is neither a FHIR instant, with seconds and a zone (R4 datatypes.html#instant), nor a cursor.</summary>
    public static AsOf? Parse(string text)
    {
        if (FeedCursor.TryParse(text, out var cursor)) return new Place(cursor);
        // A "+" of a zone that was not encoded arrives as a space.
        text = text.Replace(' ', '+');
        return text.LastIndexOfAny(['Z', '+', '-']) > 10
            && DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var at)
            ? new Instant(at.AddTicks(-(at.Ticks % TimeSpan.TicksPerMicrosecond)))
            : null;
    }
}
