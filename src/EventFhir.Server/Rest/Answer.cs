using System.Collections.Immutable;

using EventFhir.Core;
using EventFhir.Core.Feed;
using EventFhir.Model.Validation;

namespace EventFhir.Server.Rest;

/// <summary>
/// What an interaction answers, before it is written to the connection. Body is the text of a resource in one or more parts, so that stored
/// bytes reach the socket without being copied together; empty for none.
/// </summary>
public sealed record Answer(int Status, ImmutableArray<ReadOnlyMemory<byte>> Body)
{
    /// <summary>For the ETag header.</summary>
    public long? Version { get; init; }

    /// <summary>For the ETag header of what has no version.</summary>
    public string? Tag { get; init; }

    /// <summary>For the Last-Modified header.</summary>
    public DateTimeOffset? LastUpdated { get; init; }

    /// <summary>For the EventFhir-As-Of header: the place in the feed that the answer is as of.</summary>
    public FeedCursor? AsOf { get; init; }

    /// <summary>An absolute URL for the Location header.</summary>
    public string? Location { get; init; }

    /// <summary>An absolute URL for the Content-Location header: where the answer will be.</summary>
    public string? ContentLocation { get; init; }

    /// <summary>For the X-Progress header of what is not answered yet; the client is asked to come back.</summary>
    public string? Progress { get; init; }

    /// <summary>Of what was written, for the EventFhir-Tx header (docs/feed.md).</summary>
    public Guid? Transaction { get; init; }

    /// <summary>Of a body that is no resource, sent as it is; null for a resource, whose format is negotiated.</summary>
    public string? ContentType { get; init; }

    /// <summary>For the X-Security-Context header of a Binary's content (R4 binary.html#security).</summary>
    public string? SecurityContext { get; init; }

    /// <summary>Findings to be answered as an OperationOutcome instead of <see cref="Body"/>.</summary>
    public ImmutableArray<Issue> Issues { get; init; } = [];

    public static Answer Empty(int status) => new(status, []);

    public static Answer Of(Refusal refusal) => new(RefusalTable.StatusOf(refusal.Kind), []) { Issues = refusal.Issues };
}
