namespace EventFhir.Model.Patching;

public enum PatchFaultKind
{
    /// <summary>The patch itself is wrong (HTTP 400).</summary>
    Malformed,

    /// <summary>The patch does not fit what it is applied to, or a test of it fails (HTTP 422).</summary>
    NotApplicable,
}

/// <summary>Why a patch was not applied.</summary>
/// <param name="Operation">The 0-based place of the operation; -1 if it concerns none.</param>
public sealed record PatchFault(PatchFaultKind Kind, int Operation, string Diagnostics);

/// <summary>The text after a patch, or why there is none. A patch is applied as a whole or not at all.</summary>
public readonly record struct PatchOutcome(ReadOnlyMemory<byte> Json, PatchFault? Fault);
