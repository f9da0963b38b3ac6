using System.Security.Cryptography;

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
            "" or "full" or "normative" => Tagged(request, writer.WriteCapabilityStatement(url)),
            "terminology" => Tagged(request, writer.WriteTerminologyCapabilities(url)),
            _ => Answer.Of(Refusal.Of(RefusalKind.BadRequest, "value", "mode is full, normative or terminology.")),
        });
    }

    /// <summary>The tag is a hash of the statement, so it changes when the statement does.</summary>
    private static Answer Tagged(FhirRequest request, ReadOnlyMemory<byte> statement)
    {
        var tag = $"W/\"{Convert.ToHexStringLower(SHA256.HashData(statement.Span).AsSpan(0, 8))}\"";
        return EntityTags.Answered(request, tag, () => [statement]);
    }
}
