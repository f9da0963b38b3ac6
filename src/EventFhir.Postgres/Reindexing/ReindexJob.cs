using System.Collections.Immutable;

using EventFhir.Model.Definitions;

namespace EventFhir.Postgres.Reindexing;

/// <summary>What has become of a job. The numbers are stored.</summary>
public enum ReindexState : short
{
    Working = 1,
    Done = 2,

    /// <summary>The tables of a type are of another layout, which a rebuild alone can change.</summary>
    GivenUp = 3,
}

/// <summary>Making the search rows of some types anew, in place.</summary>
/// <param name="Types">Empty if no such type was ever written.</param>
/// <param name="Progress">The resources up to this es.stream.rid have been gone through.</param>
/// <param name="Total">How many live resources there were when it began.</param>
public sealed record ReindexJob(int Id, ImmutableArray<TypeDefinition> Types, ReindexState State, long Progress, long Done, long Total);
