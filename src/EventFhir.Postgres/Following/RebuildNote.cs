using EventFhir.Postgres.Replay;

using Npgsql;

namespace EventFhir.Postgres.Following;

/// <summary>
/// es.rebuild: that a projection is being made anew, how far that is and what came of it. Holds the advisory lock that keeps a second rebuild of the
/// same projection away, on a connection that belongs to it alone as long as it runs.
/// </summary>
internal sealed class RebuildNote : IAsyncDisposable
{
    private const string Begin =
        """
        insert into es.rebuild (name, started_at) values ($1, clock_timestamp())
        on conflict (name) do update set started_at = excluded.started_at, ended_at = null, done = 0, reason = null
        """;

    private readonly NpgsqlConnection connection;
    private readonly string name;

    private RebuildNote(NpgsqlConnection connection, string name) => (this.connection, this.name) = (connection, name);

    /// <param name="connection">Without a transaction; it keeps the lock.</param>
    /// <exception cref="RebuildRunningException">There is one already.</exception>
    public static async Task<RebuildNote> BeginAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        await using (var take = Command("select pg_try_advisory_lock(es.rebuild_key($1))", connection, name))
            if (await take.ExecuteScalarAsync(cancellationToken) is not true) throw new RebuildRunningException();
        var note = new RebuildNote(connection, name);
        try
        {
            await using var begin = Command(Begin, connection, name);
            await begin.ExecuteNonQueryAsync(cancellationToken);
            return note;
        }
        catch
        {
            await note.DisposeAsync();
            throw;
        }
    }

    /// <summary>Not while the connection is in a transaction: nobody would see it.</summary>
    /// <param name="done">Events or resources so far.</param>
    public Task TellAsync(long done, CancellationToken cancellationToken) =>
        NoteAsync("update es.rebuild set done = $2 where name = $1", new NpgsqlParameter<long> { TypedValue = done }, cancellationToken);

    public Task EndAsync(long done) => NoteAsync(
        "update es.rebuild set ended_at = clock_timestamp(), done = $2 where name = $1",
        new NpgsqlParameter<long> { TypedValue = done },
        CancellationToken.None);

    public Task FailAsync(string reason) => NoteAsync(
        "update es.rebuild set ended_at = clock_timestamp(), reason = $2 where name = $1",
        new NpgsqlParameter<string> { TypedValue = reason },
        CancellationToken.None);

    /// <summary>Gives the lock back; a connection that is broken has done so.</summary>
    public async ValueTask DisposeAsync()
    {
        if (connection.FullState is System.Data.ConnectionState.Open)
            await connection.RunAsync("select pg_advisory_unlock_all()", CancellationToken.None);
    }

    private async Task NoteAsync(string text, NpgsqlParameter value, CancellationToken cancellationToken)
    {
        await using var command = Command(text, connection, name);
        command.Parameters.Add(value);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlCommand Command(string text, NpgsqlConnection connection, string name) =>
        new(text, connection) { CommandTimeout = 0, Parameters = { new NpgsqlParameter<string> { TypedValue = name } } };
}
