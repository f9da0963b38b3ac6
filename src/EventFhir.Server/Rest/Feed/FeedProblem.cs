using System.Text.Json;

using EventFhir.Core;
using EventFhir.Core.Feed;
using EventFhir.Postgres.Feed;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest.Feed;

/// <summary>Why the feed cannot be read as asked: problem+json (RFC 9457), with the cursor to go on from where there is one.</summary>
/// <param name="Code">The last part of the problem's type, by which programs tell problems apart.</param>
/// <param name="CursorName">What the cursor is called in the answer; null if there is none.</param>
internal sealed record FeedProblem(int Status, string Code, string Detail, string? CursorName = null, FeedCursor Cursor = default)
{
    public static FeedProblem Of(Refusal refusal) =>
        new(RefusalTable.StatusOf(refusal.Kind), refusal.Issues[0].Code, refusal.Issues[0].Diagnostics);

    /// <summary>Null if the reader may go on after the cursor.</summary>
    public static FeedProblem? OfCursor(FeedCursor after, FeedState state)
    {
        if (!state.IsKnown)
            return new FeedProblem(
                409, "log-rewound", "This log has never had the epoch of the cursor: the cursor is of another log, or of one that was lost.");
        if (after.Position > state.Common)
            return new FeedProblem(
                409, "log-rewound", "The log was set back to before this cursor. Undo what came after the common cursor, and go on from there.",
                "common", state.Head with { Position = state.Common });
        return after.Position < state.Earliest
            ? new FeedProblem(
                410, "events-gone", "The events after this cursor are no longer kept.", "earliest", state.Head with { Position = state.Earliest })
            : null;
    }

    public async Task WriteAsync(HttpContext http)
    {
        http.Response.StatusCode = Status;
        http.Response.Headers[RequestId.Header] = RequestId.Of(http);
        http.Response.Headers.CacheControl = "no-store";
        if (Status == 503) http.Response.Headers.RetryAfter = AnswerWriter.RetryAfterSeconds;
        http.Response.ContentType = "application/problem+json";
        await using var json = new Utf8JsonWriter(http.Response.BodyWriter, OutcomeWriter.Relaxed);
        json.WriteStartObject();
        json.WriteString("type"u8, $"urn:eventfhir:problem:{Code}");
        json.WriteNumber("status"u8, Status);
        json.WriteString("title"u8, Code);
        json.WriteString("detail"u8, Detail);
        json.WriteString("instance"u8, RequestId.Of(http));
        if (CursorName is not null) json.WriteString(CursorName, Cursor.ToString());
        json.WriteEndObject();
    }
}
