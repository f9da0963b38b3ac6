using System.Data.Common;

using EventFhir.Core;
using EventFhir.Model;

using Microsoft.AspNetCore.Http.Features;

namespace EventFhir.Server.Rest;

/// <summary>What a client hears of an exception; the log hears the rest, under the id of the request.</summary>
public sealed class Failures(ILogger<Failures> logger)
{
    private const string Failed = "The server failed; its log has the details under the id of this outcome.";

    public Refusal RefusalOf(Exception exception, HttpContext http)
    {
        switch (exception)
        {
            case BadHttpRequestException { StatusCode: 413 }:
                var most = http.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize ?? Limits.BodyBytesMax;
                return Refusal.Of(RefusalKind.TooLarge, "too-long", $"A body may have up to {most} bytes here.");
            case BadHttpRequestException { StatusCode: 408 }:
                return Refusal.Of(RefusalKind.TimedOut, "timeout", "The request arrived too slowly.");
            case BadHttpRequestException:
                return Refusal.Of(RefusalKind.BadRequest, "structure", "The request is not valid HTTP.");
            case DbException { IsTransient: true }
                or DbException { InnerException: IOException or TimeoutException or System.Net.Sockets.SocketException }:
                Log.DatabaseUnavailable(logger, RequestId.Of(http), exception);
                return Refusal.Of(RefusalKind.Unavailable, "transient", "The database does not answer at present; try again.");
            case DbException failed:
                // The message is left out: it may quote a value that was sent.
                Log.StatementFailed(logger, RequestId.Of(http), failed.SqlState, failed.StackTrace);
                return Refusal.Of(RefusalKind.Internal, "exception", Failed);
            default:
                Log.RequestFailed(logger, RequestId.Of(http), exception);
                return Refusal.Of(RefusalKind.Internal, "exception", Failed);
        }
    }
}
