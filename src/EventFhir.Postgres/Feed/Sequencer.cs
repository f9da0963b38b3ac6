using EventFhir.Core.Feed;

using Npgsql;

namespace EventFhir.Postgres.Feed;

/// <param name="Head">The last position there is, after the pass.</param>
/// <param name="Placed">How many events the pass placed.</param>
/// <param name="HasMore">A large difference is being placed in steps: the next pass need not wait for a commit.</param>
public readonly record struct SequencerPass(FeedCursor Head, long Placed, bool HasMore);

/// <summary>Gives committed events their positions (es.sequence). Any number may run at once, in any number of processes.</summary>
public sealed class Sequencer(EventDatabase database)
{
    /// <summary>How many log numbers one pass goes through at most; so long are others kept waiting for their positions.</summary>
    private const int NumbersPerPassMax = 10_000;

    private const string Pass = "select r_epoch, r_position, r_placed, r_more from es.sequence($1)";

    public async Task<SequencerPass> PassAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var command = database.Sequencer.CreateCommand(Pass);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = NumbersPerPassMax });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            await row.ReadAsync(cancellationToken);
            return new SequencerPass(new FeedCursor(row.GetInt32(0), row.GetInt64(1)), row.GetInt64(2), row.GetBoolean(3));
        }
        catch (NpgsqlException exception) when (exception is not PostgresException)
        {
            // The server went away; its other connections may be to a server that is no more.
            database.Sequencer.Clear();
            throw;
        }
    }

    /// <summary>Passes until everything is placed that was committed before the call.</summary>
    public async Task<FeedCursor> SettleAsync(CancellationToken cancellationToken)
    {
        // The first difference that is complete may have been begun before the call; the one after it cannot.
        for (var complete = 0; ; )
        {
            var pass = await PassAsync(cancellationToken);
            if (!pass.HasMore && (pass.Placed == 0 || ++complete == 2)) return pass.Head;
        }
    }
}
