using System.Text.Json;

using EventFhir.Core;
using EventFhir.Model.Definitions;
using EventFhir.Model.Xml;
using EventFhir.Server.Formats;

using Microsoft.Net.Http.Headers;

namespace EventFhir.Server.Rest;

/// <summary>
/// Binary resources as what they hold (R4 binary.html#rest): a body that is no Binary is put into one, and a client that asks for no FHIR format
/// gets the content in its own type. Within, a Binary is a resource like all others.
/// </summary>
public sealed class BinaryContent(Release release)
{
    private const string TypeName = "Binary";
    private const string SecurityContext = "X-Security-Context";

    /// <summary>True for a read that is to be answered with the content: what the client likes best is no format of FHIR.</summary>
    public static bool IsAskedFor(Interaction interaction, HttpContext http)
    {
        if (interaction.Code is not ("read" or "vread") || !IsOfBinary(http) || http.Request.Query["_format"].ToString().Length > 0) return false;
        var best = default(MediaType);
        foreach (var range in http.Request.Headers.Accept.ToString().Split(','))
            if (MediaType.TryParse(range, out var candidate) && candidate.Quality > best.Quality) best = candidate;
        return best.Quality == 0 || !Negotiation.IsFhir(best.Name);
    }

    /// <summary>The content instead of the resource; refusals and answers without body stay as they are.</summary>
    public static Answer GiveOut(Answer answer)
    {
        if (answer.Status != StatusCodes.Status200OK || answer.Body is not [var body] || !answer.Issues.IsEmpty) return answer;
        using var binary = JsonDocument.Parse(body);
        var stated = binary.RootElement.TextOf("contentType");
        var content = binary.RootElement.TryGetProperty("data"u8, out var data) ? data.GetBytesFromBase64() : [];
        return answer with
        {
            Body = [content],
            ContentType = MediaTypeHeaderValue.TryParse(stated, out _) ? stated : "application/octet-stream",
            SecurityContext = binary.RootElement.TryGetProperty("securityContext"u8, out var context) ? context.TextOf("reference") : null,
        };
    }

    /// <summary>Makes a Binary of the body of a create or update of one, unless it is one already.</summary>
    public async ValueTask TakeInAsync(Interaction interaction, HttpContext http)
    {
        var request = http.Request;
        if (interaction.Code is not ("create" or "update") || !IsOfBinary(http) || !MediaType.TryParse(request.ContentType, out var named)) return;
        if (Negotiation.CheckEncoding(request.Headers.ContentEncoding) is not null) return;
        using var body = await RequestBody.ReadAsItIsAsync(request, http.RequestAborted);
        request.Headers.ContentEncoding = default;
        if (IsResource(body.Json, named.Name))
        {
            Replace(request, body.Json.ToArray(), request.ContentType);
            return;
        }
        var wrapped = new MemoryStream(body.Json.Length / 3 * 4 + 256);
        await using (var json = new Utf8JsonWriter(wrapped, OutcomeWriter.Relaxed))
        {
            json.WriteStartObject();
            json.WriteString("resourceType"u8, TypeName);
            if (request.RouteValues["id"] is string id) json.WriteString("id"u8, id);
            json.WriteString("contentType"u8, request.ContentType);
            if (request.Headers[SecurityContext].ToString() is { Length: > 0 } context)
            {
                json.WriteStartObject("securityContext"u8);
                json.WriteString("reference"u8, context);
                json.WriteEndObject();
            }
            if (!body.Json.IsEmpty) json.WriteBase64String("data"u8, body.Json.Span);
            json.WriteEndObject();
        }
        Replace(request, wrapped.ToArray(), Negotiation.FhirJson);
    }

    private static bool IsOfBinary(HttpContext http) => http.Request.RouteValues["type"] is TypeName;

    private static void Replace(HttpRequest request, byte[] body, string? contentType)
    {
        request.Body = new MemoryStream(body, writable: false);
        (request.ContentLength, request.ContentType) = (body.Length, contentType);
    }

    /// <summary>What is said to be FHIR but cannot be read is left to be refused; another resource than a Binary is content like any other.</summary>
    private bool IsResource(ReadOnlyMemory<byte> body, string contentType)
    {
        if (!Negotiation.IsFhir(contentType)) return false;
        var type = Negotiation.IsXml(contentType) ? TypeOf(ResourceXmlReader.Translate(body, release).Json) : TypeOf(body);
        return type == TypeName || (type is null && contentType is Negotiation.FhirJson or Negotiation.FhirXml);
    }

    private static string? TypeOf(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.TextOf("resourceType");
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
