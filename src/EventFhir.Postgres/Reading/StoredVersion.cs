using EventFhir.Core.Events;

namespace EventFhir.Postgres.Reading;

/// <summary>What an event did, as es.event.kind has it.</summary>
public enum VersionKind : short
{
    /// <summary>POST.</summary>
    Created = 1,

    /// <summary>PUT or PATCH of an existing resource.</summary>
    Updated = 2,

    Deleted = 3,

    /// <summary>PUT of a new id, or of a deleted resource.</summary>
    CreatedByUpdate = 4,

    /// <summary>The content of all versions before was destroyed.</summary>
    Erased = 5,
}

/// <summary>One version of a resource, as it was stored.</summary>
/// <param name="Body">The UTF-8 JSON that a read returns; empty for a delete, and when it has been erased.</param>
public sealed record StoredVersion(ResourceKey Key, long Version, VersionKind Kind, DateTimeOffset LastUpdated, ReadOnlyMemory<byte> Body)
{
    /// <summary>There is nothing to read: a delete, or the content has been erased.</summary>
    public bool IsDeleted => Kind is VersionKind.Deleted || IsErased;

    public bool IsErased => Kind is VersionKind.Erased || (Kind is not VersionKind.Deleted && Body.IsEmpty);
    public bool IsNew => Kind is VersionKind.Created or VersionKind.CreatedByUpdate;
}
