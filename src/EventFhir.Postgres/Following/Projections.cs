using EventFhir.Core.Feed;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Following;

/// <summary>Whether a projection goes on. The numbers are stored.</summary>
public enum ProjectionState : short
{
    Running = 1,

    /// <summary>By an operator, until one has it go on.</summary>
    Paused = 2,

    /// <summary>By an error, until an operator has it go on or be made anew.</summary>
    Stopped = 3,
}

/// <summary>How a projection is kept.</summary>
public enum ProjectionKind
{
    /// <summary>By each write, in its transaction: never behind, and there is nothing to pause.</summary>
    Inline,

    /// <summary>In the background, by going through the feed.</summary>
    Follower,
}

/// <param name="Done">Resources or events so far.</param>
/// <param name="EndedAt">Null while it runs, and if it was interrupted.</param>
/// <param name="Reason">Why it failed; null if it did not.</param>
public sealed record LastRebuild(DateTimeOffset StartedAt, DateTimeOffset? EndedAt, long Done, string? Reason, bool IsRunning)
{
    public string StateName => IsRunning ? "running" : Reason is not null ? "failed" : EndedAt is null ? "interrupted" : "done";
}

/// <param name="Since">When it came into the state; null for what is inline.</param>
/// <param name="Reason">Of a stop.</param>
/// <param name="FailedAfter">The position after which it stopped.</param>
/// <param name="LagEvents">Events in the feed that it has not worked in.</param>
/// <param name="LagSeconds">Since the first of them was recorded.</param>
/// <param name="Holder">Who has the lease; null if nobody needs it at the moment.</param>
public sealed record ProjectionStatus(
    string Name, ProjectionKind Kind, int Version, ProjectionState State, DateTimeOffset? Since, string? Reason, long? FailedAfter,
    FeedCursor Position, long LagEvents, double LagSeconds, string? Holder, LastRebuild? Rebuild)
{
    /// <summary>A projection that is being made anew serves, and is kept, meanwhile.</summary>
    public string StateName => State switch
    {
        ProjectionState.Paused => "paused",
        ProjectionState.Stopped => "stopped",
        _ => Rebuild is { IsRunning: true } ? "rebuilding" : "running",
    };
}

/// <summary>Everything that is derived from the log, as operators see and steer it.</summary>
public sealed class Projections(EventDatabase database)
{
    /// <summary>Heads, totals and search tables.</summary>
    public const string Search = "search";

    private static readonly string StatusText = SqlFile.Read("follower-status.sql");

    public async Task<IReadOnlyList<ProjectionStatus>> StatusAsync(CancellationToken cancellationToken)
    {
        await using var command = database.Feed.CreateCommand(StatusText);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var projections = new List<ProjectionStatus>();
        while (await row.ReadAsync(cancellationToken))
        {
            var name = row.GetString(0);
            var rebuild = row.IsDBNull(12)
                ? null
                : new LastRebuild(TimeOf(row, 12)!.Value, TimeOf(row, 13), row.GetInt64(14), TextOf(row, 15), row.GetBoolean(11) && row.IsDBNull(13));
            projections.Add(new ProjectionStatus(
                name, name == Search ? ProjectionKind.Inline : ProjectionKind.Follower, row.GetInt32(1), (ProjectionState)row.GetInt16(2),
                TimeOf(row, 3), TextOf(row, 4), row.IsDBNull(5) ? null : row.GetInt64(5), new FeedCursor(row.GetInt32(6), row.GetInt64(7)),
                row.GetInt64(8), row.GetDouble(9), TextOf(row, 10), rebuild));
        }
        return projections;
    }

    /// <summary>Holds a follower; the page that it is at is done when this returns. Nothing happens if it stands already.</summary>
    public Task PauseAsync(string name, CancellationToken cancellationToken) =>
        RunAsync("update es.follower set state = 2, since = clock_timestamp() where name = $1 and state = 1", name, cancellationToken);

    /// <summary>Has a follower that was paused or has stopped go on where it stands.</summary>
    public Task ResumeAsync(string name, CancellationToken cancellationToken) => RunAsync(
        "update es.follower set state = 1, since = clock_timestamp(), reason = null, failed_at = null where name = $1 and state <> 1",
        name,
        cancellationToken);

    private async Task RunAsync(string text, string name, CancellationToken cancellationToken)
    {
        await using var command = database.Maintenance.CreateCommand(text);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static DateTimeOffset? TimeOf(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : new DateTimeOffset(row.GetDateTime(column));

    private static string? TextOf(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
