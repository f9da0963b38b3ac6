using System.Collections.Immutable;

namespace EventFhir.Server.Rest;

/// <summary>Where an interaction lives: [base], [base]/Type or [base]/Type/id.</summary>
public enum InteractionLevel { System, Type, Instance }

/// <summary>
/// One thing the server does. The router is built from the table of these, and so is the CapabilityStatement: what is not in the table
/// neither answers nor is claimed.
/// </summary>
/// <param name="Code">The code of http://hl7.org/fhir/restful-interaction; "capabilities" is not claimed, the specification implies it.</param>
/// <param name="Path">Below the base, with {type}, {id} and {version}.</param>
/// <param name="Parameters">The query parameters it knows besides _format and _pretty; default where it judges them itself.</param>
public sealed record Interaction(
    string Code, InteractionLevel Level, string Method, string Path, ImmutableArray<string> Parameters, Func<FhirRequest, ValueTask<Answer>> Handle)
{
    /// <summary>True for what changes nothing, whatever its method.</summary>
    public bool IsReading { get; init; } = Method is "GET";

    /// <summary>False for what takes no time at all, so that nobody need ask for the answer later.</summary>
    public bool CanBeDeferred { get; init; } = true;
}
