using EventFhir.Core.Proof;
using EventFhir.Model.Definitions;

using Npgsql;

namespace EventFhir.Postgres.Proof;

/// <param name="Size">Leaves in the tree after the pass.</param>
/// <param name="HasMore">There are more events to take in at once.</param>
public readonly record struct TreePass(long Size, bool HasMore);

/// <summary>
/// Takes events into the tree by their positions in the feed and signs its root. Tiles, size and checkpoint change in one transaction, under the lock
/// of the tree's one row; so any number of nodes may run it, and each leaf is taken in once.
/// </summary>
/// <param name="interval">The time from one checkpoint to the next at least, over all nodes.</param>
public sealed class TreeIntegrator(EventDatabase database, Release release, LogSigners signers, TimeSpan interval)
{
    /// <summary>Events that one transaction takes in.</summary>
    private const int PageMax = 10_000;

    private const string Probe =
        "select t.size < s.position or t.size > coalesce((select max(size) from es.checkpoint), 0) from es.tree t, es.sequencer s";

    private const string Take =
        """
        select t.size, s.position, s.epoch, t.signed_at is null or clock_timestamp() - t.signed_at >= $1
        from es.tree t, es.sequencer s for update of t skip locked
        """;

    public async Task<TreePass> PassAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.Maintenance.OpenConnectionAsync(cancellationToken);
        await using (var probe = new NpgsqlCommand(Probe, connection))
            if (await probe.ExecuteScalarAsync(cancellationToken) is not true) return default;
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var (size, head, epoch, isDue) = await LockAsync(connection, cancellationToken);
        // Another node has the tree, or has just signed: what is new waits for the next checkpoint.
        if (epoch == 0 || (!isDue && head - size < PageMax)) return new TreePass(size, HasMore: false);

        var tiles = await TileRows.ReadAsync(connection, GrowingTree.EdgeOf(size), cancellationToken);
        var tree = new GrowingTree(size, tiles.Values);
        var upto = Math.Min(head, size + PageMax);
        await AppendAsync(connection, tree, upto, cancellationToken);
        await TileRows.WriteAsync(connection, tree.TakeChanged(), cancellationToken);
        var isSigned = isDue || upto == head;
        if (isSigned) await SignAsync(connection, tree, epoch, cancellationToken);
        await using var grow = new NpgsqlCommand(
            "update es.tree set size = $1, signed_at = case when $2 then clock_timestamp() else signed_at end", connection)
        {
            Parameters = { new NpgsqlParameter<long> { TypedValue = tree.Size }, new NpgsqlParameter<bool> { TypedValue = isSigned } },
        };
        await grow.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new TreePass(tree.Size, upto < head);
    }

    private async Task<(long Size, long Head, int Epoch, bool IsDue)> LockAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Take, connection) { Parameters = { new NpgsqlParameter<TimeSpan> { TypedValue = interval } } };
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? (row.GetInt64(0), row.GetInt64(1), row.GetInt32(2), row.GetBoolean(3)) : default;
    }

    private async Task AppendAsync(NpgsqlConnection connection, GrowingTree tree, long upto, CancellationToken cancellationToken)
    {
        await using var command = LeafRows.Between(connection, tree.Size, upto);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            if (LeafRows.Read(row, release) is not { } found || found.Leaf.Position != tree.Size + 1) break;
            tree.Append(found.Leaf.Hash());
        }
        if (tree.Size != upto)
            throw new InvalidDataException($"The feed has no event at position {tree.Size + 1}; nothing behind it is taken into the tree.");
    }

    private async Task SignAsync(NpgsqlConnection connection, GrowingTree tree, int epoch, CancellationToken cancellationToken)
    {
        await signers.RegisterAsync(connection, cancellationToken);
        var checkpoint = new Checkpoint($"{signers.LogName}/e{epoch}", tree.Size, tree.Root());
        await using var command = new NpgsqlCommand("insert into es.checkpoint (size, note) values ($1, $2) on conflict do nothing", connection)
        {
            Parameters =
            {
                new NpgsqlParameter<long> { TypedValue = tree.Size },
                new NpgsqlParameter<string> { TypedValue = SignedNote.Sign(checkpoint.ToString(), signers.All).ToString() },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
