using EventFhir.Core.Feed;
using EventFhir.Postgres.Sql;

using Npgsql;

using NpgsqlTypes;

namespace EventFhir.Postgres.Feed;

/// <param name="Fence">Goes up whenever the shard is taken or given back: whoever has an older one has it no more.</param>
/// <param name="Until">Null for a shard that has just been given back.</param>
public sealed record ShardLease(int Shard, long Fence, FeedCursor Checkpoint, DateTimeOffset? Until);

/// <param name="Owner">Null if nobody has the shard.</param>
/// <param name="LagEvents">Events of the whole feed after the checkpoint.</param>
/// <param name="LagSeconds">Since the first of them was recorded.</param>
public sealed record ShardStatus(string Group, int Shards, ShardLease Lease, string? Owner, bool IsHeld, long LagEvents, double LagSeconds);

/// <summary>
/// Consumers that share the feed by shards, with their checkpoints here: leases that run out, and fences against whoever comes late.
/// </summary>
public sealed class ConsumerGroups(EventDatabase database)
{
    private static readonly string CreateText = SqlFile.Read("group-create.sql");
    private static readonly string StatusText = SqlFile.Read("group-status.sql");
    private static readonly string LeaseText = SqlFile.Read("group-lease.sql");
    private static readonly string CheckpointText = SqlFile.Read("group-checkpoint.sql");

    /// <summary>Nothing happens if there is one of the name.</summary>
    public async Task CreateAsync(string name, int shards, FeedCursor after, CancellationToken cancellationToken)
    {
        await using var command = Command(CreateText, name);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = shards });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = after.Epoch });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after.Position });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>False if there is none of the name.</summary>
    public async Task<bool> DeleteAsync(string name, CancellationToken cancellationToken)
    {
        await using var command = Command("delete from es.consumer_group where name = $1", name);
        return await command.ExecuteNonQueryAsync(cancellationToken) > 0;
    }

    /// <param name="name">Null for all groups.</param>
    public async Task<IReadOnlyList<ShardStatus>> StatusAsync(string? name, CancellationToken cancellationToken)
    {
        await using var command = Command(StatusText, name);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var shards = new List<ShardStatus>();
        while (await row.ReadAsync(cancellationToken))
        {
            DateTimeOffset? until = row.IsDBNull(7) ? null : await row.GetFieldValueAsync<DateTimeOffset>(7, cancellationToken);
            var lease = new ShardLease(row.GetInt32(2), row.GetInt64(5), new FeedCursor(row.GetInt32(3), row.GetInt64(4)), until);
            var owner = row.IsDBNull(6) ? null : row.GetString(6);
            var isHeld = !row.IsDBNull(8) && row.GetBoolean(8);
            shards.Add(new ShardStatus(row.GetString(0), row.GetInt32(1), lease, owner, isHeld, row.GetInt64(9), row.GetDouble(10)));
        }
        return shards;
    }

    /// <summary>Null if no shard is free.</summary>
    public async Task<ShardLease?> LeaseAsync(string name, string owner, TimeSpan time, CancellationToken cancellationToken)
    {
        await using var command = Command(LeaseText, name);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = owner });
        command.Parameters.Add(new NpgsqlParameter<double> { TypedValue = time.TotalSeconds });
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>Null if the fence is not the newest any more, or the checkpoint would go back.</summary>
    /// <param name="checkpoint">Null to leave it where it is.</param>
    /// <param name="time">For which the lease is prolonged; zero gives the shard back.</param>
    public async Task<ShardLease?> CheckpointAsync(
        string name, int shard, long fence, FeedCursor? checkpoint, TimeSpan time, CancellationToken cancellationToken)
    {
        await using var command = Command(CheckpointText, name);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = shard });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = fence });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)checkpoint?.Epoch ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)checkpoint?.Position ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        command.Parameters.Add(new NpgsqlParameter<double> { TypedValue = time.TotalSeconds });
        return await ReadAsync(command, cancellationToken);
    }

    private NpgsqlCommand Command(string text, string? name)
    {
        var command = database.Feed.CreateCommand(text);
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)name ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        return command;
    }

    private static async Task<ShardLease?> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken)) return null;
        DateTimeOffset? until = row.IsDBNull(4) ? null : await row.GetFieldValueAsync<DateTimeOffset>(4, cancellationToken);
        return new ShardLease(row.GetInt32(0), row.GetInt64(1), new FeedCursor(row.GetInt32(2), row.GetInt64(3)), until);
    }
}
