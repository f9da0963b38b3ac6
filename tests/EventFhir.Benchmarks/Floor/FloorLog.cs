using System.Threading.Channels;
using Npgsql;
using NpgsqlTypes;

namespace EventFhir.Benchmarks.Floor;

/// <summary>One writer lane: while a commit is in flight the next up to 64 creates gather, and go as one statement.</summary>
public sealed class FloorLog : IAsyncDisposable
{
    public const int BatchMax = 64;

    private readonly Channel<FloorCreate> waiting = Channel.CreateUnbounded<FloorCreate>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task lane;

    public FloorLog(NpgsqlDataSource database) => lane = RunLaneAsync(database);

    public Task AppendAsync(FloorCreate create)
    {
        if (!waiting.Writer.TryWrite(create)) throw new InvalidOperationException("The floor is shutting down.");
        return create.Committed.Task;
    }

    public async ValueTask DisposeAsync()
    {
        waiting.Writer.Complete();
        await lane;
    }

    private async Task RunLaneAsync(NpgsqlDataSource database)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var append = new NpgsqlCommand(SqlFile.Read("floor-append"), connection);
        foreach (var type in new[] { NpgsqlDbType.Text, NpgsqlDbType.Text, NpgsqlDbType.Bigint, NpgsqlDbType.TimestampTz, NpgsqlDbType.Double, NpgsqlDbType.Bigint })
            append.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | type });
        await append.PrepareAsync();
        var batch = new List<FloorCreate>(BatchMax);
        while (await waiting.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < BatchMax && waiting.Reader.TryRead(out var create)) batch.Add(create);
            try
            {
                await AppendAsync(append, batch);
                foreach (var create in batch) create.Committed.SetResult();
            }
            catch (NpgsqlException exception)
            {
                foreach (var create in batch) create.Committed.SetException(exception);
            }
        }
    }

    private static Task AppendAsync(NpgsqlCommand append, List<FloorCreate> batch)
    {
        var terms = new long[batch.Count * FloorCreate.TermCount];
        for (var index = 0; index < batch.Count; index++) batch[index].Terms.CopyTo(terms, index * FloorCreate.TermCount);
        append.Parameters[0].Value = batch.ConvertAll(create => create.Id);
        append.Parameters[1].Value = batch.ConvertAll(create => create.Body);
        append.Parameters[2].Value = batch.ConvertAll(create => create.Patient);
        append.Parameters[3].Value = batch.ConvertAll(create => create.Date);
        append.Parameters[4].Value = batch.ConvertAll(create => create.Value);
        append.Parameters[5].Value = terms;
        return append.ExecuteNonQueryAsync();
    }
}
