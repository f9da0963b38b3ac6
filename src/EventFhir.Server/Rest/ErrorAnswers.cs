using System.Text.Json;

using EventFhir.Core;
using EventFhir.Model;
using EventFhir.Server.Formats;

using Microsoft.AspNetCore.Http.Features;

namespace EventFhir.Server.Rest;

/// <summary>
/// Gives every error a body: an OperationOutcome under the base, problem+json (RFC 9457) elsewhere. Catches what the router refuses
/// (404, 405), what the connection refuses (413, 400) and what fails.
/// </summary>
public sealed class ErrorAnswers(FhirRoutes routes, Failures failures)
{
    public async Task HandleAsync(HttpContext http, RequestDelegate next)
    {
        Refusal? refusal;
        try
        {
            refusal = OfLongUrl(http);
            if (refusal is null)
            {
                await next(http);
                refusal = OfEmptyError(http);
            }
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception exception) when (!http.Response.HasStarted)
        {
            refusal = failures.RefusalOf(exception, http);
        }
        if (refusal is null || http.Response.HasStarted) return;
        await WriteAsync(http, refusal);
    }

    private async Task WriteAsync(HttpContext http, Refusal refusal)
    {
        if (http.Request.Path.StartsWithSegments(FhirRoutes.Base, StringComparison.OrdinalIgnoreCase))
        {
            await AnswerWriter.WriteAsync(http, Answer.Of(refusal), routes.ChooseFormat(http).Format);
            return;
        }
        http.Response.StatusCode = RefusalTable.StatusOf(refusal.Kind);
        http.Response.Headers[RequestId.Header] = RequestId.Of(http);
        http.Response.ContentType = "application/problem+json";
        await using var json = new Utf8JsonWriter(http.Response.BodyWriter, OutcomeWriter.Relaxed);
        json.WriteStartObject();
        json.WriteNumber("status"u8, http.Response.StatusCode);
        json.WriteString("title"u8, refusal.Issues[0].Diagnostics);
        json.WriteString("instance"u8, RequestId.Of(http));
        json.WriteEndObject();
    }

    // The connection's own limit is twice as far, since what it refuses has no body.
    private static Refusal? OfLongUrl(HttpContext http) =>
        http.Features.Get<IHttpRequestFeature>() is { RawTarget.Length: > Limits.RequestLineBytesMax }
            ? Refusal.Of(
                RefusalKind.UrlTooLong, "too-long", $"A URL may have up to {Limits.RequestLineBytesMax} bytes; post a long search as a form.")
            : null;

    private static Refusal? OfEmptyError(HttpContext http) => http.Response is { HasStarted: false, ContentLength: null, ContentType: null }
        ? http.Response.StatusCode switch
        {
            404 => Refusal.Of(RefusalKind.NotFound, "not-found", "There is nothing at this URL: no such path, or no such resource type."),
            405 => Refusal.Of(RefusalKind.MethodNotAllowed, "not-supported",
                "This URL does not know the method; the Allow header names those it knows."),
            _ => null,
        }
        : null;
}
