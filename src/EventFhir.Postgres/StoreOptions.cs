namespace EventFhir.Postgres;

/// <summary>Whether the search tables of a type that is met for the first time get their indexes at once.</summary>
public enum NewTables { Indexed, IndexedLater }

/// <summary>How writes are gathered into commits (docs/storage.md, "Group commit").</summary>
public sealed record StoreOptions
{
    /// <summary>Batches in flight at once; one is enough for one PostgreSQL (docs/performance.md).</summary>
    public int Lanes { get; init; } = 1;

    public int GroupsPerBatchMax { get; init; } = 64;
    public long BytesPerBatchMax { get; init; } = 4L << 20;

    /// <summary>Groups waiting at most; what comes on top is refused as too busy.</summary>
    public int QueueLengthMax { get; init; } = 8_192;

    /// <summary>A group with more commands, or more bytes than a batch, goes through a lane of its own, and does not hold up small writes.</summary>
    public int SmallGroupCommandsMax { get; init; } = 200;

    /// <summary>Fewer new resources go through es.append, since the round trips of COPY cost more than its rows save.</summary>
    public int BulkCommandsMin { get; init; } = 100;

    /// <summary>More than one, so that batches are sent and committed while the database works on another (docs/performance.md).</summary>
    public int LargeLanes { get; init; } = 3;

    public int LargeGroupsWaitingMax { get; init; } = 256;

    /// <summary>For an import, which makes the indexes of what it has loaded at its end (<see cref="PendingIndexes"/>).</summary>
    public NewTables NewTables { get; init; } = NewTables.Indexed;
}
