using System.Collections.Immutable;

using Npgsql;

namespace EventFhir.Postgres.Following;

/// <summary>A stretch of the feed that a follower is to work into its tables.</summary>
/// <param name="Connection">In the transaction in which the checkpoint moves too: what is done elsewhere is not undone with it.</param>
/// <param name="From">The position before the first.</param>
/// <param name="Upto">The last position.</param>
/// <param name="Suffix">Ends the names of the follower's tables: nothing, or what marks those of a rebuild.</param>
public sealed record FollowedPage(NpgsqlConnection Connection, long From, long Upto, string Suffix)
{
    public bool IsOfRebuild => Suffix.Length > 0;
}

/// <returns>The position up to which everything is worked in; <see cref="FollowedPage.From"/> if it is too early for more.</returns>
/// <exception cref="InvalidDataException">The events make no sense; the message names no patient data. It stops the follower.</exception>
public delegate Task<long> PageHandler(FollowedPage page, CancellationToken cancellationToken);

/// <summary>Looks at the tables of a rebuild before they take the place of those in use.</summary>
/// <returns>Why they must not; null if all is well.</returns>
public delegate Task<string?> RebuildCheck(FollowedPage page, CancellationToken cancellationToken);

/// <summary>Something that is derived from the log by going through the feed, in its order, in the background.</summary>
/// <param name="Name">In es.follower, and for operators.</param>
/// <param name="Version">A higher one makes everything anew.</param>
/// <param name="PageMax">Events that one transaction works in.</param>
public sealed record Follower(string Name, int Version, int PageMax, PageHandler HandleAsync)
{
    /// <summary>All that it writes to, with schema. A rebuild fills a second set of them and swaps the two.</summary>
    public ImmutableArray<string> Tables { get; init; } = [];

    /// <summary>Null if nothing can be said about it.</summary>
    public RebuildCheck? CheckAsync { get; init; }
}
