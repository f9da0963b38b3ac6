using System.Diagnostics;

using EventFhir.Core;

namespace EventFhir.Server.Rest;

/// <summary>The one place that says which HTTP status a refusal has (R4 http.html#Status-Codes).</summary>
public static class RefusalTable
{
    public static int StatusOf(RefusalKind kind) => kind switch
    {
        RefusalKind.BadRequest => 400,
        RefusalKind.Forbidden => 403,
        RefusalKind.NotFound => 404,
        RefusalKind.Deleted => 410,
        RefusalKind.MethodNotAllowed => 405,
        RefusalKind.NotAcceptable => 406,
        RefusalKind.Conflict => 409,
        RefusalKind.PreconditionFailed => 412,
        RefusalKind.TooLarge => 413,
        RefusalKind.UrlTooLong => 414,
        RefusalKind.UnsupportedMediaType => 415,
        RefusalKind.Unprocessable => 422,
        RefusalKind.GroupRefused => 424,
        RefusalKind.TooBusy => 429,
        RefusalKind.Unavailable => 503,
        RefusalKind.TimedOut => 504,
        RefusalKind.Internal => 500,
        _ => throw new UnreachableException($"No response is defined for {kind}."),
    };
}
