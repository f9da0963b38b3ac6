using EventFhir.Postgres.Sql;

using Microsoft.Extensions.Logging;

using Npgsql;

namespace EventFhir.Postgres.Following;

/// <summary>What came of a step of a follower.</summary>
public enum FollowerStep
{
    /// <summary>There is nothing new, or it is too early for it.</summary>
    Idle,

    /// <summary>A page is done, and there is more.</summary>
    Worked,

    /// <summary>A page is done, and with it everything that there was.</summary>
    CaughtUp,

    /// <summary>Another node has the lease, or a newer program the follower.</summary>
    Elsewhere,

    /// <summary>An operator has paused it, or an error has stopped it.</summary>
    Standing,
}

/// <summary>
/// One node's part in a follower. Whoever has the lease takes the pages; effects and checkpoint of a page are one transaction, which holds the
/// follower's row and asks for its fence, so that nobody who has lost the lease can move anything. An error of the work stops the follower; a
/// database that is away does not.
/// </summary>
/// <param name="holder">This process, in the words of the operator.</param>
public sealed class FollowerRun(EventDatabase database, Follower follower, string holder, ILogger logger)
{
    /// <summary>How long others wait for a node that died. Who works keeps it: each page prolongs it, and nobody can take it during one.</summary>
    private static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(5);

    private static readonly string Probe = SqlFile.Read("follower-probe.sql");
    private static readonly string Take = SqlFile.Read("follower-take.sql");
    private static readonly string Page = SqlFile.Read("follower-page.sql");
    private const string Register = "insert into es.follower (name, version) values ($1, $2) on conflict do nothing";
    private const string Move = "update es.follower set position = $2, lease_until = clock_timestamp() + make_interval(secs => $3) where name = $1";

    private const string Stop =
        "update es.follower set state = 3, since = clock_timestamp(), reason = $3, failed_at = $4 where name = $1 and fence = $2 and state = 1";

    private const string GiveBack = "update es.follower set holder = null, lease_until = null, fence = fence + 1 where name = $1 and fence = $2";

    /// <summary>The lease this node had last; whether it still has it, the next page tells.</summary>
    private long? fence;

    /// <summary>Does one page, if there is one and this node has or gets the lease.</summary>
    public async Task<FollowerStep> StepAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await database.Maintenance.OpenConnectionAsync(cancellationToken);
            var (version, state, position, head) = await ProbeAsync(connection, cancellationToken);
            if (version > follower.Version) return FollowerStep.Elsewhere;
            if (version < follower.Version) return await RenewAsync(cancellationToken);
            if (state != ProjectionState.Running) return FollowerStep.Standing;
            if (position >= head) return FollowerStep.Idle;
            fence ??= await TakeAsync(connection, cancellationToken);
            return fence is { } held ? await PageAsync(connection, held, cancellationToken) : FollowerStep.Elsewhere;
        }
        catch (NpgsqlException exception) when (exception is not PostgresException)
        {
            // The server went away; its other connections may be to a server that is no more.
            database.Maintenance.Clear();
            throw;
        }
    }

    /// <summary>Goes on until everything is worked in that is in the feed, by this node or another, or nobody will go on.</summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        while (await StepAsync(cancellationToken) is var step and (FollowerStep.Worked or FollowerStep.Elsewhere))
            if (step is FollowerStep.Elsewhere) await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
        await ReleaseAsync(cancellationToken);
    }

    /// <summary>Lets other nodes go on at once.</summary>
    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        if (fence is not { } held) return;
        fence = null;
        await using var command = database.Maintenance.CreateCommand(GiveBack);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = follower.Name });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = held });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<(int Version, ProjectionState State, long Position, long Head)> ProbeAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        while (true)
        {
            await using (var probe = Command(Probe, connection))
            await using (var row = await probe.ExecuteReaderAsync(cancellationToken))
                if (await row.ReadAsync(cancellationToken))
                    return (row.GetInt32(0), (ProjectionState)row.GetInt16(1), row.GetInt64(2), row.GetInt64(3));
            await using var register = Command(Register, connection);
            register.Parameters.Add(new NpgsqlParameter<int> { TypedValue = follower.Version });
            await register.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private async Task<long?> TakeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var take = Command(Take, connection);
        take.Parameters.Add(new NpgsqlParameter<int> { TypedValue = follower.Version });
        take.Parameters.Add(new NpgsqlParameter<string> { TypedValue = holder });
        take.Parameters.Add(new NpgsqlParameter<double> { TypedValue = LeaseTime.TotalSeconds });
        return (long?)await take.ExecuteScalarAsync(cancellationToken);
    }

    private async Task<FollowerStep> PageAsync(NpgsqlConnection connection, long held, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await BeginAsync(connection, held, cancellationToken) is not var (from, upto, head))
        {
            fence = null;
            return FollowerStep.Elsewhere;
        }
        if (from == upto) return FollowerStep.Idle;
        try
        {
            var reached = await follower.HandleAsync(new FollowedPage(connection, from, upto, Suffix: ""), cancellationToken);
            if (reached < from || reached > upto) throw new InvalidDataException($"From {from} up to {upto} it came to {reached}.");
            if (reached == from) return FollowerStep.Idle;
            await using var move = Command(Move, connection);
            move.Parameters.Add(new NpgsqlParameter<long> { TypedValue = reached });
            move.Parameters.Add(new NpgsqlParameter<double> { TypedValue = LeaseTime.TotalSeconds });
            await move.ExecuteNonQueryAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return reached < head ? FollowerStep.Worked : FollowerStep.CaughtUp;
        }
        catch (Exception exception)
            when (exception is not (OperationCanceledException or OutOfMemoryException) && !FailureReason.IsOutage(exception))
        {
            await transaction.RollbackAsync(CancellationToken.None);
            await StopAsync(connection, held, from, FailureReason.Of(exception));
            return FollowerStep.Standing;
        }
    }

    private async Task<(long From, long Upto, long Head)?> BeginAsync(NpgsqlConnection connection, long held, CancellationToken cancellationToken)
    {
        await using var page = Command(Page, connection);
        page.Parameters.Add(new NpgsqlParameter<int> { TypedValue = follower.Version });
        page.Parameters.Add(new NpgsqlParameter<long> { TypedValue = held });
        page.Parameters.Add(new NpgsqlParameter<long> { TypedValue = follower.PageMax });
        await using var row = await page.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)) : null;
    }

    private async Task StopAsync(NpgsqlConnection connection, long held, long position, string reason)
    {
        await using var stop = Command(Stop, connection);
        stop.Parameters.Add(new NpgsqlParameter<long> { TypedValue = held });
        stop.Parameters.Add(new NpgsqlParameter<string> { TypedValue = reason });
        stop.Parameters.Add(new NpgsqlParameter<long> { TypedValue = position });
        if (await stop.ExecuteNonQueryAsync(CancellationToken.None) > 0) Log.FollowerStopped(logger, follower.Name, position, reason);
    }

    /// <summary>What an older program made is made anew.</summary>
    private async Task<FollowerStep> RenewAsync(CancellationToken cancellationToken)
    {
        try
        {
            await new FollowerRebuild(database, follower).RunAsync(progress: null, cancellationToken);
            return FollowerStep.Worked;
        }
        catch (Replay.RebuildRunningException)
        {
            return FollowerStep.Elsewhere;
        }
    }

    private NpgsqlCommand Command(string text, NpgsqlConnection connection) =>
        new(text, connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = follower.Name } } };
}
