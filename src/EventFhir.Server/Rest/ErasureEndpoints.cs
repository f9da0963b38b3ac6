using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;

using EventFhir.Core;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Erasing;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest;

/// <summary>
/// $erase, $hold and $lift-hold (docs/proof.md). Who asks is who X-Provenance says; until there is authentication that is a record of what was
/// claimed, and no protection.
/// </summary>
public sealed class ErasureEndpoints(Release release, Negotiation negotiation, ResourceIntake intake, Eraser eraser)
{
    private readonly TypeDefinition parameters = release.FindResourceType("Parameters")!;

    private sealed record Asked(ErasableResource Resource, string Actor, JsonArray Parameters)
    {
        /// <summary>The value of the parameter, whatever its type; empty if it is absent or given twice.</summary>
        public string Text(string name) =>
            Parameters.Where(parameter => (string?)parameter!["name"] == name).ToList() is [JsonObject only]
                ? only.FirstOrDefault(member => member.Key.StartsWith("value", StringComparison.Ordinal)).Value?.ToString() ?? ""
                : "";
    }

    /// <summary>With legalBasis it is requested, with request it is approved, with dryRun it is only told what would happen.</summary>
    public async ValueTask<Answer> EraseAsync(FhirRequest request)
    {
        var asked = await ReadAsync(request);
        if (asked.IsRefused(out var refusal)) return Answer.Of(refusal);
        var (resource, actor, _) = asked.Value;
        if (resource.IsErased) return Answer.Of(Refusal.Of(RefusalKind.Deleted, "deleted", "The resource has been erased already."));
        var (basis, approved) = (asked.Value.Text("legalBasis"), asked.Value.Text("request"));
        if (asked.Value.Text("dryRun") is "true")
        {
            var rows = await eraser.RehearseAsync(resource, request.Aborted);
            return AnswerOf(200, ("status", "rehearsed"), ("versions", resource.Versions), ("derivedRows", rows), ("holds", resource.Holds));
        }
        if (approved.Length > 0 && basis.Length == 0) return await ApproveAsync(request, resource, approved);
        if (CheckReason(basis, "legalBasis") is { } missing) return Answer.Of(missing);
        if (approved.Length > 0)
            return Answer.Of(Refusal.Of(RefusalKind.BadRequest, "value", "Give legalBasis to request an erasure, or request to approve one."));
        if (resource.Holds > 0) return Answer.Of(Refusal.Of(RefusalKind.Conflict, "business-rule", "The resource is under legal hold."));
        var id = await eraser.RequestAsync(resource, basis, actor, request.Aborted);
        return AnswerOf(202, ("status", "requested"), ("request", id), ("versions", resource.Versions));
    }

    public async ValueTask<Answer> HoldAsync(FhirRequest request)
    {
        var asked = await ReadAsync(request);
        if (asked.IsRefused(out var refusal)) return Answer.Of(refusal);
        var reason = asked.Value.Text("reason");
        if (CheckReason(reason, "reason") is { } missing) return Answer.Of(missing);
        await eraser.PlaceHoldAsync(asked.Value.Resource, reason, asked.Value.Actor, request.Aborted);
        return AnswerOf(200, ("status", "held"), ("holds", asked.Value.Resource.Holds + 1));
    }

    public async ValueTask<Answer> LiftAsync(FhirRequest request)
    {
        var asked = await ReadAsync(request);
        if (asked.IsRefused(out var refusal)) return Answer.Of(refusal);
        var reason = asked.Value.Text("reason");
        if (CheckReason(reason, "reason") is { } missing) return Answer.Of(missing);
        var lifted = await eraser.LiftHoldsAsync(asked.Value.Resource, reason, asked.Value.Actor, request.Aborted);
        return AnswerOf(200, ("status", "lifted"), ("holds", lifted));
    }

    private async ValueTask<Answer> ApproveAsync(FhirRequest request, ErasableResource resource, string approved)
    {
        if (!Guid.TryParse(approved, out var id))
            return Answer.Of(Refusal.Of(RefusalKind.BadRequest, "value", "request is the id that $erase answered."));
        var outcome = await eraser.ApproveAsync(resource, id, request.ReadProvenance(), request.Aborted);
        return outcome.IsRefused(out var refusal)
            ? Answer.Of(refusal)
            : AnswerOf(200, ("status", "erased"), ("versions", resource.Versions), ("derivedRows", outcome.Value.DerivedRows));
    }

    private async ValueTask<Outcome<Asked>> ReadAsync(FhirRequest request)
    {
        var http = request.Http.Request;
        var (key, refusal) = request.ReadKey(release);
        refusal ??= negotiation.Check(http.Headers.ContentType, http.Headers.ContentEncoding);
        if (refusal is not null) return refusal;
        if (request.ReadProvenance().Actor is not { } actor)
            return Refusal.Of(RefusalKind.BadRequest, "required", "Say in X-Provenance who you are: the actor of erasures and holds is recorded.");
        using var body = await RequestBody.ReadAsync(http, release, request.Aborted);
        if (body.Refusal is { } unread) return unread;
        if (intake.Read(body.Json, parameters).IsRefused(out refusal)) return refusal;
        var given = JsonNode.Parse(body.Json.Span)!["parameter"] as JsonArray ?? [];
        return await eraser.FindAsync(key, request.Aborted) is { } resource
            ? new Asked(resource, actor, given)
            : Refusal.Of(RefusalKind.NotFound, "not-found", "There is no such resource, and there never was.");
    }

    private static Refusal? CheckReason(string text, string name) => text.Trim().Length is > 0 and <= Limits.ProvenanceTextMax
        ? null
        : Refusal.Of(RefusalKind.BadRequest, "required", $"There must be one parameter '{name}' of 1 to {Limits.ProvenanceTextMax} characters.");

    private static Answer AnswerOf(int status, params ReadOnlySpan<(string Name, object Value)> facts)
    {
        var entries = ImmutableArray.CreateBuilder<ParametersEntry>();
        foreach (var (name, value) in facts) entries.Add(new ParametersEntry(name, Convert.ToString(value, CultureInfo.InvariantCulture)!));
        return new Answer(status, [ParametersWriter.Write(entries.ToImmutable())]);
    }
}
