using System.Diagnostics;

using EventFhir.Postgres.Replay;

using Npgsql;

namespace EventFhir.Postgres.Following;

/// <summary>
/// Makes what a follower keeps anew, from the first event: into a second set of tables, while the first is read and goes on being kept. When it has
/// come as far, the two are swapped by name in the transaction that moves the checkpoint. One that dies leaves everything as it was.
/// </summary>
public sealed class FollowerRebuild(EventDatabase database, Follower follower)
{
    private const string Suffix = "_next";

    /// <summary>Whoever may do something with the table in use may do it with the new one.</summary>
    private const string GrantAlike =
        """
        do $$
        declare g record;
        begin
            for g in select a.privilege_type, a.grantee from pg_class c, aclexplode(c.relacl) a
                     where c.oid = '{0}'::regclass and a.grantee <> 0 and a.grantee <> c.relowner
            loop execute format('grant %s on {1} to %s', g.privilege_type, g.grantee::regrole); end loop;
        end $$
        """;

    private const string Position = "select coalesce((select position from es.follower where name = $1 for update), 0)";

    private const string Swap =
        """
        insert into es.follower as f (name, version, position) values ($1, $2, $3)
        on conflict (name) do update set version = $2, position = $3, state = 1, since = clock_timestamp(), reason = null, failed_at = null,
            fence = f.fence + 1, holder = null, lease_until = null
        """;

    /// <param name="progress">The position up to which it has come.</param>
    /// <exception cref="RebuildRunningException">Another one of the same follower is under way.</exception>
    /// <exception cref="InvalidDataException">What came out must not take the place of what is there.</exception>
    public async Task<RebuildReport> RunAsync(IProgress<long>? progress, CancellationToken cancellationToken)
    {
        if (follower.Tables.IsEmpty) throw new InvalidDataException($"{follower.Name} keeps nothing that could be made anew.");
        var started = Stopwatch.GetTimestamp();
        await using var connection = await database.Maintenance.OpenConnectionAsync(cancellationToken);
        await using var note = await RebuildNote.BeginAsync(connection, follower.Name, cancellationToken);
        try
        {
            await PrepareAsync(connection, cancellationToken);
            var position = 0L;
            for (var head = await HeadAsync(connection, cancellationToken); head - position > follower.PageMax;)
            {
                position = await PageAsync(connection, position, Math.Min(head, position + follower.PageMax), cancellationToken);
                progress?.Report(position);
                await note.TellAsync(position, cancellationToken);
                if (head - position <= follower.PageMax) head = await HeadAsync(connection, cancellationToken);
            }
            position = await SwapAsync(connection, position, cancellationToken);
            await note.EndAsync(position);
            return new RebuildReport(position, Stopwatch.GetElapsedTime(started));
        }
        catch (Exception exception) when (exception is not OperationCanceledException && !FailureReason.IsOutage(exception))
        {
            await note.FailAsync(FailureReason.Of(exception));
            throw;
        }
    }

    private async Task PrepareAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        foreach (var table in follower.Tables)
        {
            await connection.RunAsync(
                $"drop table if exists {table}{Suffix}; create table {table}{Suffix} (like {table} including all)", cancellationToken);
            await connection.RunAsync(
                GrantAlike.Replace("{0}", table, StringComparison.Ordinal).Replace("{1}", table + Suffix, StringComparison.Ordinal),
                cancellationToken);
        }
    }

    private static Task<long> HeadAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.ReadAsync<long>("select position from es.sequencer", cancellationToken);

    private async Task<long> PageAsync(NpgsqlConnection connection, long from, long upto, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ApplyAsync(connection, from, upto, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return upto;
    }

    private async Task ApplyAsync(NpgsqlConnection connection, long from, long upto, CancellationToken cancellationToken)
    {
        var reached = await follower.HandleAsync(new FollowedPage(connection, from, upto, Suffix), cancellationToken);
        if (reached != upto) throw new InvalidDataException($"From {from} up to {upto} it came to {reached}.");
    }

    private async Task<long> SwapAsync(NpgsqlConnection connection, long position, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // The follower waits from here on; it may have come further meanwhile, and must not be behind itself afterwards.
        await using var find = new NpgsqlCommand(Position, connection)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = follower.Name } },
        };
        var reached = Math.Max((long)(await find.ExecuteScalarAsync(cancellationToken))!, await HeadAsync(connection, cancellationToken));
        while (position < reached)
        {
            var upto = Math.Min(reached, position + follower.PageMax);
            await ApplyAsync(connection, position, upto, cancellationToken);
            position = upto;
        }
        var page = new FollowedPage(connection, From: 0, position, Suffix);
        if (follower.CheckAsync is { } checkAsync && await checkAsync(page, cancellationToken) is { } problem)
            throw new InvalidDataException(problem);
        foreach (var table in follower.Tables)
        {
            var name = table[(table.IndexOf('.', StringComparison.Ordinal) + 1)..];
            await connection.RunAsync($"drop table {table}; alter table {table}{Suffix} rename to {name}", cancellationToken);
        }
        await using var swap = new NpgsqlCommand(Swap, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<string> { TypedValue = follower.Name }, new NpgsqlParameter<int> { TypedValue = follower.Version },
                new NpgsqlParameter<long> { TypedValue = position },
            },
        };
        await swap.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return position;
    }
}
