using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.IO.Pipelines;

using EventFhir.Model.Validation;
using EventFhir.Model.Xml;
using EventFhir.Server.Formats;
using EventFhir.Server.Formats.Html;

namespace EventFhir.Server.Rest;

/// <summary>Writes an <see cref="Answer"/> to the connection.</summary>
public static class AnswerWriter
{
    public const string TransactionHeader = "EventFhir-Tx";
    public const string AsOfHeader = "EventFhir-As-Of";

    /// <summary>What makes the server unavailable is over soon, or nobody knows when; so is what is still at work.</summary>
    public const string RetryAfterSeconds = "1";

    // The pipe is flushed after so many bytes, so that a big page does not pile up in memory behind a slow client.
    private const int FlushBytes = 256 * 1024;

    public static Task WriteAsync(HttpContext http, Answer answer, AnswerFormat format)
    {
        var response = http.Response;
        response.StatusCode = answer.Status;
        response.Headers[RequestId.Header] = RequestId.Of(http);
        if (answer.Version is { } version) response.Headers.ETag = EntityTags.Of(version);
        else if (answer.Tag is { } tag) response.Headers.ETag = tag;
        if (answer.LastUpdated is { } lastUpdated)
            response.Headers.LastModified = lastUpdated.ToString("R", CultureInfo.InvariantCulture);
        if (answer.Transaction is { } transaction) response.Headers[TransactionHeader] = transaction.ToString();
        if (answer.AsOf is { } moment) response.Headers[AsOfHeader] = moment.ToString();
        if (answer.Status is StatusCodes.Status503ServiceUnavailable) response.Headers.RetryAfter = RetryAfterSeconds;
        if (answer.Location is { } location) response.Headers.Location = location;
        if (answer.ContentLocation is { } place) response.Headers.ContentLocation = place;
        if (answer.Progress is { } progress)
        {
            response.Headers["X-Progress"] = progress;
            response.Headers.RetryAfter = RetryAfterSeconds;
        }
        return WriteBodyAsync(http, answer, format);
    }

    private static Task WriteBodyAsync(HttpContext http, Answer answer, AnswerFormat format)
    {
        var parts = answer.Issues.IsEmpty ? answer.Body : [OutcomeWriter.Write(RequestId.Of(http), Placed(http, answer.Issues))];
        if (parts.IsEmpty)
        {
            if (answer.Status is not (204 or 304)) http.Response.ContentLength = 0;
            return Task.CompletedTask;
        }
        if (answer.ContentType is { } contentType)
        {
            // What was stored may be a page with scripts: they do not run, and no guess makes a page of what is none.
            http.Response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
            http.Response.Headers.XContentTypeOptions = "nosniff";
            if (answer.SecurityContext is { } context) http.Response.Headers["X-Security-Context"] = context;
            return WritePartsAsync(http, parts, contentType);
        }
        if (format.Place is { } place)
        {
            http.Response.Headers.ContentSecurityPolicy = HtmlStyle.Policy;
            http.Response.Headers.XContentTypeOptions = "nosniff";
            http.Response.Headers.CacheControl = "no-cache";
            parts = [HtmlPage.Of(XmlBody.Joined(parts), place)];
        }
        else if (format.XmlOf is { } release) parts = [XmlBody.Of(parts, release, format.Layout)];
        else if (format.Layout is Layout.Pretty) parts = [PrettyLayout.Of(parts)];
        if (ContentCoding.Choose(http.Request.Headers.AcceptEncoding, LengthOf(parts)) is { } coding)
        {
            parts = [coding.Encode(parts)];
            http.Response.Headers.ContentEncoding = coding.Name;
        }
        return WritePartsAsync(http, parts, format.ContentType);
    }

    private static Task WritePartsAsync(HttpContext http, ImmutableArray<ReadOnlyMemory<byte>> parts, string contentType)
    {
        var length = LengthOf(parts);
        http.Response.ContentType = contentType;
        http.Response.Headers.Append("Vary", "Accept, Accept-Encoding");
        http.Response.ContentLength = length;
        if (HttpMethods.IsHead(http.Request.Method)) return Task.CompletedTask;
        return length > FlushBytes ? WriteInPiecesAsync(http, [.. parts]) : WriteAtOnceAsync(http.Response.BodyWriter, parts, http.RequestAborted);
    }

    private static long LengthOf(ImmutableArray<ReadOnlyMemory<byte>> parts)
    {
        var length = 0L;
        foreach (var part in parts) length += part.Length;
        return length;
    }

    /// <summary>The issues with places in what the client sent: a body of XML has been read as the JSON that says the same.</summary>
    private static ImmutableArray<Issue> Placed(HttpContext http, ImmutableArray<Issue> issues) =>
        http.Features.Get<XmlPlaces>() is { } places ? [.. issues.Select(places.Translate)] : issues;

    private static Task WriteAtOnceAsync(PipeWriter writer, ImmutableArray<ReadOnlyMemory<byte>> parts, CancellationToken cancellationToken)
    {
        foreach (var part in parts) writer.Write(part.Span);
        return writer.FlushAsync(cancellationToken).AsTask();
    }

    private static async Task WriteInPiecesAsync(HttpContext http, IReadOnlyList<ReadOnlyMemory<byte>> parts)
    {
        var writer = http.Response.BodyWriter;
        var unflushed = 0;
        foreach (var part in parts)
            for (var start = 0; start < part.Length; start += FlushBytes)
            {
                var piece = part.Slice(start, Math.Min(FlushBytes, part.Length - start));
                writer.Write(piece.Span);
                unflushed += piece.Length;
                if (unflushed < FlushBytes) continue;
                unflushed = 0;
                await writer.FlushAsync(http.RequestAborted);
            }
        await writer.FlushAsync(http.RequestAborted);
    }
}
