using EventFhir.Model.Elements;

namespace EventFhir.Model.Patching;

/// <summary>
/// A change of a resource in any form that a patch may have (R4 http.html#patch). What says which resource it is, and which version, stays; all
/// that is not touched keeps its text. Whether the outcome is valid is not looked at.
/// </summary>
public sealed class ResourcePatch
{
    private readonly Func<ReadOnlyMemory<byte>, PatchOutcome> apply;

    private ResourcePatch(Func<ReadOnlyMemory<byte>, PatchOutcome> apply) => this.apply = apply;

    /// <summary>Null if the text is no JSON Patch (RFC 6902); then there is a fault.</summary>
    public static ResourcePatch? OfJsonPatch(ReadOnlyMemory<byte> json, out PatchFault? fault)
    {
        if (JsonPatch.Parse(json, out fault) is not { } patch) return null;
        if (!patch.Changes("id") && !patch.Changes("resourceType") && !patch.Changes("meta", "versionId")) return new ResourcePatch(patch.Apply);
        fault = new PatchFault(PatchFaultKind.NotApplicable, -1, Kept);
        return null;
    }

    /// <summary>Null if the resource is no FHIRPath Patch; then there is a fault.</summary>
    /// <param name="parameters">A Parameters resource without structural faults.</param>
    public static ResourcePatch? OfParameters(Resource parameters, out PatchFault? fault) =>
        FhirPathPatch.Parse(parameters, out fault) is { } patch ? new ResourcePatch(patch.Apply) : null;

    /// <param name="json">A stored resource.</param>
    public PatchOutcome Apply(ReadOnlyMemory<byte> json)
    {
        var outcome = apply(json);
        return outcome.Fault is not null || KeepsIdentity(json, outcome.Json)
            ? outcome
            : new PatchOutcome(default, new PatchFault(PatchFaultKind.NotApplicable, -1, Kept));
    }

    private const string Kept = "The type, the id and the version of a resource cannot be patched.";

    private static bool KeepsIdentity(ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> after)
    {
        if (JsonPart.Parse(before, out _) is not JsonPart.Members was || JsonPart.Parse(after, out _) is not JsonPart.Members now) return false;
        return AreEqual(was.Find("resourceType"u8), now.Find("resourceType"u8)) && AreEqual(was.Find("id"u8), now.Find("id"u8))
            // Who replaces all of meta need not repeat the version, which the server sets anyway.
            && (VersionOf(now) is not { } version || AreEqual(VersionOf(was), version));
    }

    private static JsonPart? VersionOf(JsonPart.Members members) => (members.Find("meta"u8) as JsonPart.Members)?.Find("versionId"u8);

    private static bool AreEqual(JsonPart? one, JsonPart? other) =>
        one is null ? other is null : other is not null && JsonEquality.AreEqual(one, other);
}
