using System.Globalization;

using EventFhir.Core;
using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Model.Patching;
using EventFhir.Server.Formats;

namespace EventFhir.Server;

/// <summary>Reads patches, in the forms that there are (R4 http.html#patch).</summary>
public sealed class PatchIntake(Release release, Negotiation negotiation)
{
    public const string JsonPatchType = "application/json-patch+json";
    public const string XmlPatchType = "application/xml-patch+xml";

    /// <summary>What the CapabilityStatement lists.</summary>
    public static readonly string[] Formats = [JsonPatchType, Negotiation.FhirJson, Negotiation.FhirXml, XmlPatchType];

    private const string ParametersType = "Parameters";

    /// <summary>Null if a patch of this type can be read.</summary>
    public Refusal? Check(IHeaderDictionary headers)
    {
        if (TypeOf(headers.ContentType) is JsonPatchType or XmlPatchType) return Negotiation.CheckEncoding(headers.ContentEncoding);
        return negotiation.Check(headers.ContentType, headers.ContentEncoding) is null
            ? null
            : Refusal.Of(RefusalKind.UnsupportedMediaType, "not-supported", $"A patch is sent as {string.Join(" or ", Formats)}.");
    }

    /// <param name="body">JSON, or an XML Patch; not pointed to by what is returned.</param>
    public Outcome<ResourcePatch> Read(string? contentType, ReadOnlyMemory<byte> body) => TypeOf(contentType) switch
    {
        JsonPatchType => OfJsonPatch(body.ToArray()),
        XmlPatchType => OfXmlPatch(body),
        _ => OfParameters(body.ToArray()),
    };

    private static string TypeOf(string? contentType) => MediaType.TryParse(contentType, out var mediaType) ? mediaType.Name : "";

    /// <param name="json">Kept as long as the patch is.</param>
    public static Outcome<ResourcePatch> OfJsonPatch(ReadOnlyMemory<byte> json) =>
        ResourcePatch.OfJsonPatch(json, out var fault) is { } patch ? patch : RefusalOf(fault!);

    public Outcome<ResourcePatch> OfXmlPatch(ReadOnlyMemory<byte> xml) =>
        ResourcePatch.OfXmlPatch(xml, release, out var fault) is { } patch ? patch : RefusalOf(fault!);

    /// <param name="json">Kept as long as the patch is.</param>
    public Outcome<ResourcePatch> OfParameters(ReadOnlyMemory<byte> json)
    {
        var read = ResourceJsonReader.Read(json, release);
        if (read.Resource is not { } resource) return new Refusal(RefusalKind.BadRequest, read.Issues);
        if (resource.Type.Name != ParametersType)
            return Refusal.Of(
                RefusalKind.BadRequest, "invariant", $"A patch in FHIR's own form is a Parameters resource; else it is {JsonPatchType}.");
        if (read.Verdict is not ReadVerdict.Valid) return new Refusal(RefusalKind.Unprocessable, read.Issues);
        return ResourcePatch.OfParameters(resource, out var fault) is { } patch ? patch : RefusalOf(fault!);
    }

    public static Refusal RefusalOf(PatchFault fault) => Refusal.Of(
        fault.Kind is PatchFaultKind.Malformed ? RefusalKind.BadRequest : RefusalKind.Unprocessable,
        "processing",
        fault.Operation < 0 ? fault.Diagnostics : string.Create(CultureInfo.InvariantCulture, $"Operation {fault.Operation}: {fault.Diagnostics}"));
}
