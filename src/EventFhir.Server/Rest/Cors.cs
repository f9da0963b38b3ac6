using System.Collections.Immutable;

namespace EventFhir.Server.Rest;

/// <summary>
/// Lets pages of other origins use the API (Fetch standard, CORS protocol), as far as the configuration names them. Credentials of browsers are not
/// let through: there are none to send.
/// </summary>
/// <param name="origins">Such as "https://app.example.org", or "*" for all; empty: none, and nothing is said about it.</param>
public sealed class Cors(ImmutableArray<string> origins)
{
    private const string Readable = "ETag, Location, Last-Modified, Content-Location, X-Request-Id, EventFhir-Tx";
    private const string Methods = "GET, HEAD, POST, PUT, PATCH, DELETE";
    private const string PreflightSecondsMax = "600";

    public Task HandleAsync(HttpContext http, RequestDelegate next)
    {
        if (origins.IsEmpty || !http.Request.Path.StartsWithSegments(FhirRoutes.Base, StringComparison.OrdinalIgnoreCase)) return next(http);
        var (request, headers) = (http.Request, http.Response.Headers);
        var isAny = origins is ["*"];
        if (!isAny) headers.Append("Vary", "Origin");
        var origin = request.Headers.Origin.ToString();
        if (origin.Length == 0 || !(isAny || origins.Contains(origin))) return next(http);
        headers.AccessControlAllowOrigin = isAny ? "*" : origin;
        if (!HttpMethods.IsOptions(request.Method) || request.Headers.AccessControlRequestMethod.Count == 0)
        {
            headers.AccessControlExposeHeaders = Readable;
            return next(http);
        }
        headers.AccessControlAllowMethods = Methods;
        headers.AccessControlAllowHeaders = request.Headers.AccessControlRequestHeaders;
        headers.AccessControlMaxAge = PreflightSecondsMax;
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
