using System.Collections.Concurrent;
using System.Diagnostics;

using EventFhir.Core;
using EventFhir.Core.Feed;
using EventFhir.Model;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Feed;

/// <summary>A time that answers can be as of, for ever the same ones.</summary>
/// <param name="Cursor">The last event that belongs to it.</param>
/// <param name="ClosedAt">When it was closed; relative dates of a search are relative to it.</param>
public sealed record Moment(FeedCursor Cursor, DateTimeOffset ClosedAt)
{
    internal string? Snapshot { get; init; }
}

/// <summary>Finds the moments that instants and cursors mean. What one means never changes.</summary>
public sealed class MomentReader(EventDatabase database)
{
    private static readonly Refusal Future = Refusal.Of(
        RefusalKind.BadRequest, "value", "_asOf is in the future of this server; what it will hold then is not known.");

    private static readonly Refusal NotYet = Refusal.Of(
        RefusalKind.Unavailable, "transient", "What was written up to then is still being put in order; try again.");

    private static readonly Refusal Rewound = Refusal.Of(
        RefusalKind.Conflict, "conflict", "The log was set back to before this cursor; what came after it then is lost.");

    /// <summary>So many moments are kept, of which each may be asked about again and again, as by the pages of a search.</summary>
    private const int KnownMax = 1_000;

    private const int KnownCharactersMax = 10_000;

    private static readonly string LastOf = SqlFile.Read("moment-of-commit.sql");

    private readonly Sequencer sequencer = new(database);

    /// <summary>What a time means never changes, unless the log is set back, and that opens an epoch.</summary>
    private readonly ConcurrentDictionary<(AsOf, int Epoch), Moment> known = new();

    public async Task<Outcome<Moment>> FindAsync(AsOf asOf, CancellationToken cancellationToken)
    {
        await using var connection = await database.Reader.OpenConnectionAsync(cancellationToken);
        await using var epoch = new NpgsqlCommand("select s.epoch from es.sequencer s where s.id = 1", connection);
        var key = (asOf, (int)(await epoch.ExecuteScalarAsync(cancellationToken))!);
        if (known.TryGetValue(key, out var moment)) return moment;
        var found = asOf switch
        {
            AsOf.Instant instant => await FindAsync(connection, instant.At, cancellationToken),
            AsOf.Place place => await FindAsync(connection, place.Cursor, cancellationToken),
            _ => throw new ArgumentException(null, nameof(asOf)),
        };
        if (found.Refusal is not null || found.Value.Cursor.Epoch != key.Item2 || found.Value.Snapshot is not { Length: <= KnownCharactersMax })
            return found;
        if (known.Count >= KnownMax) known.Clear();
        known[key] = found.Value;
        return found;
    }

    /// <summary>
    /// The moment at which a transaction was committed: it sees what the transaction wrote, and what stands before that in the feed, and nothing
    /// that comes after.
    /// </summary>
    /// <param name="transaction">Committed before the call; null for the moment of the call.</param>
    public async Task<Outcome<Moment>> OfCommitAsync(Guid? transaction, CancellationToken cancellationToken)
    {
        await using var connection = await database.Reader.OpenConnectionAsync(cancellationToken);
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var pass = await sequencer.PassAsync(cancellationToken);
            var position = transaction is { } written ? await LastOfAsync(connection, written, cancellationToken)
                : pass.HasMore ? null : pass.Head.Position;
            var moment = position is { } last ? await ReadAsync(connection, last, cancellationToken) : NotYet;
            if (moment.Refusal != NotYet || Stopwatch.GetElapsedTime(started) > Limits.ConditionTimeMax) return moment;
        }
    }

    /// <summary>The last position of what was committed together with a transaction; null while that is not placed.</summary>
    private static async Task<long?> LastOfAsync(NpgsqlConnection connection, Guid transaction, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(LastOf, connection);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = transaction });
        return await command.ExecuteScalarAsync(cancellationToken) is long position ? position : null;
    }

    private async Task<Outcome<Moment>> FindAsync(NpgsqlConnection connection, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await using (var state = new NpgsqlCommand("select s.closed_at >= $1, $1 > clock_timestamp() from es.sequencer s where s.id = 1", connection))
        {
            state.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = at.UtcDateTime });
            await using var row = await state.ExecuteReaderAsync(cancellationToken);
            await row.ReadAsync(cancellationToken);
            if (row.GetBoolean(1)) return Future;
            // What was committed before the question belongs to its answer, so it gets its places first.
            if (!row.GetBoolean(0) && (await sequencer.PassAsync(cancellationToken)).HasMore) return NotYet;
        }
        await using var place = new NpgsqlCommand("select es.position_at($1)", connection);
        place.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = at.UtcDateTime });
        return await place.ExecuteScalarAsync(cancellationToken) is long position ? await ReadAsync(connection, position, cancellationToken) : Future;
    }

    private static async Task<Outcome<Moment>> FindAsync(NpgsqlConnection connection, FeedCursor cursor, CancellationToken cancellationToken)
    {
        const string State =
            "select s.epoch, s.position, (select min(e.from_position) from es.epoch e where e.epoch > $1) from es.sequencer s where s.id = 1";
        await using (var state = new NpgsqlCommand(State, connection))
        {
            state.Parameters.Add(new NpgsqlParameter<int> { TypedValue = cursor.Epoch });
            await using var row = await state.ExecuteReaderAsync(cancellationToken);
            await row.ReadAsync(cancellationToken);
            if (!row.IsDBNull(2) && cursor.Position > row.GetInt64(2)) return Rewound;
            if (cursor.Epoch > row.GetInt32(0) || cursor.Position > row.GetInt64(1)) return Future;
        }
        return await ReadAsync(connection, cursor.Position, cancellationToken);
    }

    private static async Task<Outcome<Moment>> ReadAsync(NpgsqlConnection connection, long position, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "select r_epoch, r_position, r_closed_at, r_snapshot, r_is_one from es.moment($1, $2)", connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = position });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Limits.MomentTransactionsMax });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        // A large difference has positions before its batch is closed.
        if (!await row.ReadAsync(cancellationToken)) return NotYet;
        return new Moment(new FeedCursor(row.GetInt32(0), row.GetInt64(1)), new DateTimeOffset(row.GetDateTime(2)))
        {
            Snapshot = row.IsDBNull(3) || !row.GetBoolean(4) ? null : row.GetString(3),
        };
    }
}
