namespace EventFhir.Server.Rest;

/// <summary>One log line per request, at level Information: which kind of URL, how it ended and how long it took; never a URL, for it may name a
/// patient.</summary>
public sealed class RequestLog(ILogger<RequestLog> logger, TimeProvider time)
{
    public Task HandleAsync(HttpContext http, RequestDelegate next) =>
        logger.IsEnabled(LogLevel.Information) ? HandleAndLogAsync(http, next) : next(http);

    private async Task HandleAndLogAsync(HttpContext http, RequestDelegate next)
    {
        var start = time.GetTimestamp();
        try
        {
            await next(http);
        }
        finally
        {
            var interaction = http.GetEndpoint()?.DisplayName ?? "none";
            Log.RequestAnswered(
                logger, http.Request.Method, interaction, http.Response.StatusCode, time.GetElapsedTime(start).TotalMilliseconds, RequestId.Of(http));
        }
    }
}
