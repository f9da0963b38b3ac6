using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Model.Validation;
using EventFhir.Postgres.Reading;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest;

/// <summary>
/// $validate (R4 resource-operation-validate.html): what a write would say to a resource, posted or stored, and advice besides. The answer is 200
/// with an OperationOutcome, whatever is found. Nothing is written.
/// </summary>
public sealed class ValidateEndpoints(Release release, Negotiation negotiation, ResourceIntake intake, ResourceReader reader)
{
    public static readonly ImmutableArray<string> Parameters = ["mode", "profile"];

    private static readonly ImmutableArray<Issue> AllWell =
        [new Issue(IssueSeverity.Information, "informational", "No errors and no warnings were found.", "")];

    public ValueTask<Answer> OfTypeAsync(FhirRequest request) => AnswerAsync(request, key: null);

    public async ValueTask<Answer> OfInstanceAsync(FhirRequest request)
    {
        var (key, refusal) = request.ReadKey(release);
        return refusal is null ? await AnswerAsync(request, key) : Answer.Of(refusal);
    }

    private async ValueTask<Answer> AnswerAsync(FhirRequest request, ResourceKey? key)
    {
        var type = request.ReadType(release);
        var asked = await ReadAsync(request);
        if (asked.IsRefused(out var refusal)) return Answer.Of(refusal);
        var (resource, mode, profile, findings) = asked.Value;
        if (mode is not ("" or "create" or "update" or "delete" or "profile"))
            return Answer.Of(Refusal.Of(RefusalKind.BadRequest, "value", "mode is create, update, delete or profile."));
        // "If a profile is nominated, and the server cannot validate against the nominated profile, it SHALL return an error."
        if (profile.Length > 0 && !IsOfSpecification(type, profile))
            return Answer.Of(Refusal.Of(
                RefusalKind.Unprocessable, "not-supported", "Profiles other than the specification's own are not validated yet."));
        if (!findings.IsEmpty) return new Answer(200, []) { Issues = findings };

        var stored = key is { } stood ? await reader.ReadAsync(stood, request.Aborted) : null;
        var isThere = stored is { IsDeleted: false };
        if (key is not null && !isThere && (resource.IsEmpty || mode is "delete"))
            return Answer.Of(Refusal.Of(RefusalKind.NotFound, "not-found", "There is no such resource."));
        if (mode is "delete" && key is null)
            return Answer.Of(Refusal.Of(RefusalKind.BadRequest, "value", "A delete is checked at the URL of the resource."));
        if (mode is "delete") return new Answer(200, []) { Issues = AllWell };
        if (resource.IsEmpty && !isThere)
            return Answer.Of(Refusal.Of(RefusalKind.BadRequest, "required", "There must be a resource to validate, in the body or at the URL."));
        var issues = intake.Inspect(resource.IsEmpty ? stored!.Body : resource, type, mode is "create" ? null : key?.Id.Value);
        return new Answer(200, []) { Issues = issues.IsEmpty ? AllWell : issues };
    }

    /// <summary>The resource type itself, or what it is derived from.</summary>
    private static bool IsOfSpecification(TypeDefinition type, string profile)
    {
        for (var at = type; at is not null; at = at.Base)
            if (profile.Split('|')[0] == $"http://hl7.org/fhir/StructureDefinition/{at.Name}") return true;
        return false;
    }

    /// <summary>What is to be validated: the body, or parts of it if it is a Parameters resource.</summary>
    private async ValueTask<Outcome<Asked>> ReadAsync(FhirRequest request)
    {
        var http = request.Http.Request;
        var asked = new Asked(default, http.Query["mode"].ToString(), http.Query["profile"].ToString(), []);
        if (!HttpMethods.IsPost(http.Method) || (http.ContentLength is null or 0 && http.ContentType is null)) return asked;
        if (negotiation.Check(http.Headers.ContentType, http.Headers.ContentEncoding) is { } unsupported) return unsupported;
        using var body = await RequestBody.ReadAsync(http, release, request.Aborted);
        // XML that is FHIR but wrong is what this operation is there to say.
        if (body.Refusal is { Kind: RefusalKind.Unprocessable } wrong) return asked with { Findings = wrong.Issues };
        if (body.Refusal is { } unread) return unread;
        var read = ResourceJsonReader.Read(body.Json, release);
        if (read.Resource is not { } resource) return new Refusal(RefusalKind.BadRequest, read.Issues);
        return resource.Type.Name == "Parameters" && request.ReadType(release) != resource.Type
            ? OfParameters(asked, body.Json)
            : asked with { Resource = body.Json.ToArray() };
    }

    private static Asked OfParameters(Asked asked, ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        if (!document.RootElement.TryGetProperty("parameter"u8, out var parameters) || parameters.ValueKind is not JsonValueKind.Array) return asked;
        foreach (var parameter in parameters.EnumerateArray())
        {
            if (parameter.ValueKind is not JsonValueKind.Object) continue;
            if (parameter.TryGetProperty("resource"u8, out var resource))
                asked = asked with { Resource = Encoding.UTF8.GetBytes(resource.GetRawText()) };
            else if (parameter.TextOf("name") is "mode")
                asked = asked with { Mode = parameter.TextOf("valueCode") ?? parameter.TextOf("valueString") ?? "" };
            else if (parameter.TextOf("name") is "profile")
                asked = asked with { Profile = parameter.TextOf("valueUri") ?? parameter.TextOf("valueCanonical") ?? "" };
        }
        return asked;
    }

    /// <param name="Resource">Empty if none was sent.</param>
    /// <param name="Findings">What was found while the body was read, if that is all there is to say.</param>
    private sealed record Asked(ReadOnlyMemory<byte> Resource, string Mode, string Profile, ImmutableArray<Issue> Findings);
}
