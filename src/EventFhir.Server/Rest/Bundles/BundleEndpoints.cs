using EventFhir.Core.Bundles;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Server.Formats;

using Microsoft.AspNetCore.Http.Features;

namespace EventFhir.Server.Rest.Bundles;

/// <summary>batch and transaction (R4 http.html#transaction).</summary>
public sealed class BundleEndpoints(Release release, Negotiation negotiation, BatchRun batches, TransactionRun transactions)
{
    public async ValueTask<Answer> AnswerAsync(FhirRequest request)
    {
        var http = request.Http;
        if (negotiation.Check(http.Request.Headers.ContentType, http.Request.Headers.ContentEncoding) is { } unsupported)
            return Answer.Of(unsupported);
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = Limits.BundleBytesMax;
        using var body = await RequestBody.ReadAsync(http.Request, release, request.Aborted);
        if (body.Refusal is { } unread) return Answer.Of(unread);
        var read = BundleReader.Read(body.Json, release);
        if (read.IsRefused(out var refusal)) return Answer.Of(refusal);
        // Unless it is asked for, the answer to a write within a Bundle does not repeat the resource.
        var prefer = Prefer.Parse($"return=minimal, {http.Request.Headers["Prefer"]}");
        return read.Value.Type is BundleType.Batch
            ? await batches.AnswerAsync(request, read.Value, prefer)
            : await transactions.AnswerAsync(request, read.Value, prefer);
    }
}
