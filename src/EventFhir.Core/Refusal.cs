using System.Collections.Immutable;

using EventFhir.Model.Validation;

namespace EventFhir.Core;

/// <summary>Every reason for which the server says no; Server/Rest/RefusalTable maps each to a status and an issue code.</summary>
public enum RefusalKind
{
    /// <summary>The request is not FHIR or HTTP as it should be (400).</summary>
    BadRequest,
    Forbidden,
    NotFound,
    Deleted,
    MethodNotAllowed,
    NotAcceptable,
    Conflict,
    PreconditionFailed,
    TooLarge,
    UrlTooLong,
    UnsupportedMediaType,

    /// <summary>Well-formed but invalid (422).</summary>
    Unprocessable,

    /// <summary>Another request of the same group was refused, so this one was not carried out.</summary>
    GroupRefused,
    TooBusy,
    Unavailable,
    TimedOut,
    Internal,
}

/// <summary>A request that is not carried out, and why.</summary>
public sealed record Refusal(RefusalKind Kind, ImmutableArray<Issue> Issues)
{
    public static Refusal Of(RefusalKind kind, string code, string diagnostics, string expression = "") =>
        new(kind, [new Issue(IssueSeverity.Error, code, diagnostics, expression)]);
}
