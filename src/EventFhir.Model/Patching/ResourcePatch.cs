using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.Json;

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

    /// <summary>Null if the text is no XML Patch (RFC 5261); then there is a fault.</summary>
    public static ResourcePatch? OfXmlPatch(ReadOnlyMemory<byte> xml, Release release, out PatchFault? fault) =>
        XmlPatch.Parse(xml, out fault) is { } patch ? new ResourcePatch(json => patch.Apply(json, release)) : null;

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
        var (was, now) = (Identity.Of(before.Span), Identity.Of(after.Span));
        // Who replaces all of meta need not repeat the version, which the server sets anyway.
        return AreEqual(was.Type, now.Type) && AreEqual(was.Id, now.Id) && (now.Version.Equals(default) || AreEqual(was.Version, now.Version));

        bool AreEqual(Range one, Range other) => before.Span[one].SequenceEqual(after.Span[other]);
    }

    /// <summary>Where the values are in the text; empty ranges at the beginning for what is not there.</summary>
    private readonly record struct Identity(Range Type, Range Id, Range Version)
    {
        /// <param name="json">Any JSON.</param>
        public static Identity Of(ReadOnlySpan<byte> json)
        {
            var identity = default(Identity);
            var cursor = new JsonCursor(json);
            if (cursor.ReadValue() is not JsonKind.Object) return identity;
            var isFirst = true;
            while (cursor.NextMember(ref isFirst))
            {
                if (cursor.Value.SequenceEqual("resourceType"u8)) identity = identity with { Type = Read(ref cursor) };
                else if (cursor.Value.SequenceEqual("id"u8)) identity = identity with { Id = Read(ref cursor) };
                else if (cursor.Value.SequenceEqual("meta"u8)) identity = identity with { Version = ReadVersion(ref cursor) };
                else cursor.Skip(cursor.ReadValue());
            }
            return identity;
        }

        private static Range ReadVersion(ref JsonCursor cursor)
        {
            var (version, isFirst) = (default(Range), true);
            var kind = cursor.ReadValue();
            if (kind is not JsonKind.Object)
            {
                cursor.Skip(kind);
                return version;
            }
            while (cursor.NextMember(ref isFirst))
                if (cursor.Value.SequenceEqual("versionId"u8)) version = Read(ref cursor);
                else cursor.Skip(cursor.ReadValue());
            return version;
        }

        private static Range Read(ref JsonCursor cursor)
        {
            var kind = cursor.ReadValue();
            var start = cursor.Start;
            cursor.Skip(kind);
            return start..cursor.Position;
        }
    }
}
