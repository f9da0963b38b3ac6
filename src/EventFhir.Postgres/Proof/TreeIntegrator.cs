using EventFhir.Core.Proof;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Following;

using Npgsql;

namespace EventFhir.Postgres.Proof;

/// <summary>
/// Takes events into the tree by their positions in the feed and signs its root. A follower whose position is the size of the tree: tiles, size and
/// checkpoint change in one transaction.
/// </summary>
/// <param name="interval">The time from one checkpoint to the next at least, over all nodes.</param>
public sealed class TreeIntegrator(Release release, LogSigners signers, TimeSpan interval)
{
    public const string Name = "tree";
    private const int Version = 1;

    /// <summary>Events that one transaction takes in.</summary>
    private const int PageMax = 10_000;

    private const string TimeToSign =
        "select s.epoch, t.signed_at is null or clock_timestamp() - t.signed_at >= $1, s.position from es.tree t, es.sequencer s";

    private const string LastCheckpoint = "select note from es.checkpoint where size <= $1 order by size desc limit 1";

    /// <summary>A rebuild makes the tiles anew from the log; it is refused if the log is not the one that was signed.</summary>
    public Follower Follower => new(Name, Version, PageMax, HandleAsync) { Tables = [TileRows.Table], CheckAsync = CheckAsync };

    private async Task<long> HandleAsync(FollowedPage page, CancellationToken cancellationToken)
    {
        var (epoch, isDue, head) = await TimeToSignAsync(page.Connection, cancellationToken);
        // Somebody has just signed: what is new waits for the next checkpoint.
        if (!page.IsOfRebuild && (epoch == 0 || (!isDue && head - page.From < PageMax))) return page.From;

        var tiles = await TileRows.ReadAsync(page.Connection, GrowingTree.EdgeOf(page.From), page.Suffix, cancellationToken);
        var tree = new GrowingTree(page.From, tiles.Values);
        await AppendAsync(page.Connection, tree, page.Upto, cancellationToken);
        await TileRows.WriteAsync(page.Connection, tree.TakeChanged(), page.Suffix, cancellationToken);
        if (!page.IsOfRebuild && (isDue || page.Upto == head)) await SignAsync(page.Connection, tree, epoch, cancellationToken);
        return tree.Size;
    }

    private async Task<(int Epoch, bool IsDue, long Head)> TimeToSignAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(TimeToSign, connection)
        {
            Parameters = { new NpgsqlParameter<TimeSpan> { TypedValue = interval } },
        };
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? (row.GetInt32(0), row.GetBoolean(1), row.GetInt64(2)) : default;
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
        await using var batch = connection.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("insert into es.checkpoint (size, note) values ($1, $2) on conflict do nothing")
        {
            Parameters =
            {
                new NpgsqlParameter<long> { TypedValue = tree.Size },
                new NpgsqlParameter<string> { TypedValue = SignedNote.Sign(checkpoint.ToString(), signers.All).ToString() },
            },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand("update es.tree set signed_at = clock_timestamp()"));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// The tiles made anew have to lead to the root that was signed last; else the log is not what it was, and the old tiles are the proof.
    /// </summary>
    private static async Task<string?> CheckAsync(FollowedPage page, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(LastCheckpoint, page.Connection)
        {
            Parameters = { new NpgsqlParameter<long> { TypedValue = page.Upto } },
        };
        if (await command.ExecuteScalarAsync(cancellationToken) is not string note) return null;
        if (SignedNote.Parse(note) is not { } signed || Checkpoint.Parse(signed.Text) is not { } checkpoint)
            return "The newest checkpoint is damaged.";
        var root = await TileRows.RootAsync(page.Connection, checkpoint.Size, page.Suffix, cancellationToken);
        return root == checkpoint.Root ? null : $"The log is not the one that was signed at size {checkpoint.Size}; run: eventfhir verify.";
    }
}
