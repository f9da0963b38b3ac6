using EventFhir.Core;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest;

/// <summary>The capabilities interaction (R4 http.html#capabilities).</summary>
public sealed class MetadataEndpoint(CapabilityStatementWriter writer, BaseUrl baseUrl)
{
    public ValueTask<Answer> ReadAsync(FhirRequest request)
    {
        var url = baseUrl.Of(request.Http.Request);
        // All that this statement uses is normative, so "normative" leaves nothing out.
        return ValueTask.FromResult(request.Http.Request.Query["mode"].ToString() switch
        {
            "" or "full" or "normative" => new Answer(200, [writer.WriteCapabilityStatement(url)]),
            "terminology" => new Answer(200, [writer.WriteTerminologyCapabilities(url)]),
            _ => Answer.Of(Refusal.Of(RefusalKind.BadRequest, "value", "mode is full, normative or terminology.")),
        });
    }
}
