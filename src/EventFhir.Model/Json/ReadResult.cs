using System.Collections.Immutable;

using EventFhir.Model.Elements;
using EventFhir.Model.Validation;

namespace EventFhir.Model.Json;

public enum ReadVerdict
{
    /// <summary>The structure is right; invariants are still to be checked (<see cref="ResourceValidator"/>).</summary>
    Valid,

    /// <summary>Well-formed, but it breaks rules of its type (HTTP 422).</summary>
    Invalid,

    /// <summary>Not JSON, or JSON that does not say which resource type it is (HTTP 400).</summary>
    NotFhir,
}

/// <summary>What reading gave.</summary>
/// <param name="Resource">What could be understood; null if the verdict is NotFhir.</param>
/// <param name="Issues">Empty if the verdict is Valid.</param>
public sealed record ReadResult(Resource? Resource, ImmutableArray<Issue> Issues, ReadVerdict Verdict);
