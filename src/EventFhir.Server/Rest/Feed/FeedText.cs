using System.Buffers;
using System.Collections.Immutable;

using EventFhir.Core.Feed;
using EventFhir.Postgres.Feed;

namespace EventFhir.Server.Rest.Feed;

/// <summary>The forms in which pages go out.</summary>
public enum FeedForm { Batch, Lines, Stream }

/// <summary>Writes the events of a page in one of the forms.</summary>
internal sealed class FeedText(string source, int epoch, FeedWish wish, FeedForm form) : IDisposable
{
    private readonly CloudEventWriter writer = new(source, epoch, wish.Body, wish.WithPrevious);

    /// <summary>The form that an Accept header asks for; null if it wants none of them.</summary>
    public static FeedForm? Choose(string accept)
    {
        if (accept.Contains("text/event-stream", StringComparison.OrdinalIgnoreCase)) return FeedForm.Stream;
        if (accept.Contains("ndjson", StringComparison.OrdinalIgnoreCase)) return FeedForm.Lines;
        return accept.Length == 0 || accept.Contains("json", StringComparison.OrdinalIgnoreCase) || accept.Contains("*/*", StringComparison.Ordinal)
            || accept.Contains("application/*", StringComparison.OrdinalIgnoreCase) ? FeedForm.Batch : null;
    }

    public static string ContentTypeOf(FeedForm form) => form switch
    {
        FeedForm.Batch => "application/cloudevents-batch+json; charset=utf-8",
        FeedForm.Lines => "application/x-ndjson",
        _ => "text/event-stream",
    };

    public void Write(ArrayBufferWriter<byte> output, FeedPage page)
    {
        if (form is FeedForm.Batch) output.Write("["u8);
        for (var place = 0; place < page.Events.Count; place++)
        {
            var e = page.Events[place];
            if (form is FeedForm.Batch && place > 0) output.Write(","u8);
            if (form is FeedForm.Stream) WriteField(output, "id: "u8, new FeedCursor(epoch, e.Position).ToString());
            if (form is FeedForm.Stream) output.Write("data: "u8);
            WriteEvent(output, e);
            if (form is FeedForm.Lines) output.Write("\n"u8);
            if (form is FeedForm.Stream) output.Write("\n\n"u8);
        }
        if (form is FeedForm.Batch) output.Write("]"u8);
    }

    /// <summary>
    /// For a stream without news: a comment, and the cursor of what was looked through. A reader takes the id over without an event (HTML standard,
    /// server-sent events).
    /// </summary>
    public void WriteHeartbeat(ArrayBufferWriter<byte> output, long next)
    {
        output.Write(": heartbeat\n"u8);
        WriteField(output, "id: "u8, new FeedCursor(epoch, next).ToString());
        output.Write("\n"u8);
    }

    /// <summary>The last thing on a stream that cannot go on.</summary>
    public static void WriteEnd(ArrayBufferWriter<byte> output, string reason)
    {
        WriteField(output, "event: "u8, "end");
        WriteField(output, "data: "u8, reason);
        output.Write("\n"u8);
    }

    public void Dispose() => writer.Dispose();

    private void WriteEvent(ArrayBufferWriter<byte> output, FeedEvent e)
    {
        ImmutableArray<string> changes = wish.Body is FeedBody.ChangedPaths ? ChangedPaths.Between(e.Previous, e.Body) : [];
        writer.Write(output, e, changes);
    }

    private static void WriteField(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> name, string value)
    {
        output.Write(name);
        output.Write(System.Text.Encoding.UTF8.GetBytes(value));
        output.Write("\n"u8);
    }
}
