using EventFhir.Core.Feed;
using EventFhir.Postgres.Feed;

namespace EventFhir.Server.Rest.Feed;

/// <summary>
/// EventFhir-Min-Position: a request is carried out only when the feed, and so all that follows it on this node, has come to the position: what a
/// client has seen on one node it sees on every other.
/// </summary>
public sealed class MinPosition(FeedHead head)
{
    public const string Header = "EventFhir-Min-Position";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public Task HandleAsync(HttpContext http, RequestDelegate next) =>
        http.Request.Headers.TryGetValue(Header, out var asked) ? HandleAsync(http, next, asked.ToString()) : next(http);

    private async Task HandleAsync(HttpContext http, RequestDelegate next, string asked)
    {
        if (!FeedCursor.TryParse(asked, out var cursor))
            await new FeedProblem(400, "value", $"{Header} is a cursor such as e1.4711.").WriteAsync(http);
        else if (cursor.Position > 0 && !await head.WaitBeyondAsync(cursor.Position - 1, Patience, http.RequestAborted))
            await new FeedProblem(503, "transient", "The feed has not come to this position; try again.").WriteAsync(http);
        else await next(http);
    }
}
