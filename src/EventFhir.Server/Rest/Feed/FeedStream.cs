using System.Buffers;

using EventFhir.Core.Feed;
using EventFhir.Postgres.Feed;

namespace EventFhir.Server.Rest.Feed;

/// <summary>Server-sent events: page after page on one connection, and a heartbeat where nothing happens. Ends when either side goes away.</summary>
internal sealed class FeedStream(FeedReader reader, FeedHead head, int epoch, FeedText text, FeedWish wish)
{
    private static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(15);

    public async Task RunAsync(HttpContext http, long after, CancellationToken ending)
    {
        http.Response.ContentType = FeedText.ContentTypeOf(FeedForm.Stream);
        http.Response.Headers.CacheControl = "no-store";
        // Proxies that gather answers would keep the events back.
        http.Response.Headers["X-Accel-Buffering"] = "no";
        var output = new ArrayBufferWriter<byte>(64 * 1024);
        try
        {
            text.WriteHeartbeat(output, after);
            while (true)
            {
                await http.Response.BodyWriter.WriteAsync(output.WrittenMemory, ending);
                output.ResetWrittenCount();
                if (!await head.WaitBeyondAsync(after, HeartbeatInterval, ending))
                {
                    text.WriteHeartbeat(output, after);
                    continue;
                }
                if (head.Cursor.Epoch != epoch)
                {
                    FeedText.WriteEnd(output, "new-epoch");
                    await http.Response.BodyWriter.WriteAsync(output.WrittenMemory, ending);
                    return;
                }
                var page = await reader.ReadAsync(
                    new FeedQuery(wish.Filter, after, wish.Limit, wish.Body, wish.WithPrevious), head.Cursor.Position, ending);
                text.Write(output, page);
                if (page.Events.Count == 0) text.WriteHeartbeat(output, page.Next);
                after = page.Next;
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The client goes on after the last id that it has.
        }
    }
}
