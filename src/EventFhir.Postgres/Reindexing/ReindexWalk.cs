using EventFhir.Core.Events;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Parameters;
using EventFhir.Postgres.Projections;
using EventFhir.Postgres.Replay;
using EventFhir.Postgres.Sql;
using EventFhir.Postgres.Writing;

using Npgsql;

namespace EventFhir.Postgres.Reindexing;

/// <summary>
/// Makes the search rows of live resources anew from their stored bodies, where they are: no version ends by it, so nothing is added to those of
/// past versions. Each step is one page and one transaction, which holds the job's row; any node can take the next one.
/// </summary>
public sealed class ReindexWalk(EventDatabase database, ParameterRegistry registry)
{
    private readonly ResourceWalk walk = new(database, registry.Active.Current.Release);
    private readonly LiveIndexing indexing = new(database, NewTables.Indexed, registry);

    public ReindexJobs Jobs { get; } = new(database, registry.Active.Current.Release);

    /// <summary>Does one page of the first job that is not done.</summary>
    public async Task<StepOutcome> StepAsync(CancellationToken cancellationToken)
    {
        if (await Jobs.NextAsync(cancellationToken) is not { } job) return StepOutcome.Idle;
        var target = indexing.Target;
        if (!await EnsureAsync(target, job, cancellationToken))
        {
            await using var connection = await database.Writer.OpenConnectionAsync(cancellationToken);
            await EndAsync(connection, job, ReindexState.GivenUp, cancellationToken);
            return StepOutcome.Worked;
        }
        short[] types = [.. job.Types.Select(type => (short)type.Number)];
        var (resources, last, count) = await walk.ReadAsync(job.Progress, types, target.Rules.Extract, cancellationToken);
        var page = new ReindexPage(target, resources);
        await walk.ReferAsync(page.References, cancellationToken);
        return await CarryOutAsync(page, job, last, count, cancellationToken);
    }

    /// <summary>Makes the rows of one resource anew, at once; false if there is none.</summary>
    public async Task<bool> RenewAsync(ResourceKey key, CancellationToken cancellationToken)
    {
        while (true)
        {
            var target = indexing.Target;
            await target.Projections.EnsureAsync(key.Type, cancellationToken);
            if (await walk.FindAsync(key, target.Rules.Extract, cancellationToken) is not { } resource) return false;
            var page = new ReindexPage(target, [resource]);
            await walk.ReferAsync(page.References, cancellationToken);
            if (await CarryOutAsync(page, job: null, last: 0, count: 1, cancellationToken) is StepOutcome.Worked) return true;
            await Task.Yield();
        }
    }

    private async Task<StepOutcome> CarryOutAsync(ReindexPage page, ReindexJob? job, long last, int count, CancellationToken cancellationToken)
    {
        await using var connection = await database.Writer.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await connection.ReadAsync<bool>(ParameterRegistry.TryLock, cancellationToken)) return StepOutcome.Elsewhere;
        if (job is not null && !await HoldAsync(connection, job, cancellationToken)) return StepOutcome.Elsewhere;
        var rids = await ResourceWalk.LockAsync(connection, page.Resources, cancellationToken);
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.BatchCommands.Add(page.Target.Require());
        batch.BatchCommands.Add(ResourceWalk.Address(IndexReplay.LeaveMissingOut, rids, page.References));
        page.AddTo(batch);
        if (job is not null) AddProgress(batch, page.Target, job, last, count);
        try
        {
            await batch.ExecuteNonQueryAsync(cancellationToken);
            if (job is not null && count == 0) await EndAsync(connection, job, ReindexState.Done, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return StepOutcome.Worked;
        }
        catch (PostgresException exception) when (exception.SqlState == LiveIndexing.StaleSet)
        {
            // Extracted by parameters that are in force no more.
            await transaction.RollbackAsync(cancellationToken);
            await registry.ReloadAsync(cancellationToken);
            return job is null ? StepOutcome.Elsewhere : StepOutcome.Worked;
        }
    }

    /// <summary>Beyond the last resource there may still be rows that belong to nobody.</summary>
    private static void AddProgress(NpgsqlBatch batch, IndexTarget target, ReindexJob job, long last, int count)
    {
        var upto = count == 0 ? long.MaxValue : last;
        foreach (var type in job.Types)
        {
            var tables = target.Projections.TablesOf(type);
            foreach (var statement in tables.Side.Select(side => side.Clear).Prepend(tables.Main.Clear))
                batch.BatchCommands.Add(new NpgsqlBatchCommand(statement)
                {
                    Parameters = { new NpgsqlParameter<long> { TypedValue = job.Progress }, new NpgsqlParameter<long> { TypedValue = upto } },
                });
        }
        batch.BatchCommands.Add(new NpgsqlBatchCommand("update es.reindex_job set progress = $2, done = done + $3 where id = $1")
        {
            Parameters =
            {
                new NpgsqlParameter<int> { TypedValue = job.Id }, new NpgsqlParameter<long> { TypedValue = last },
                new NpgsqlParameter<long> { TypedValue = count },
            },
        });
    }

    /// <summary>False if the tables of a type are of another layout.</summary>
    private static async Task<bool> EnsureAsync(IndexTarget target, ReindexJob job, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var type in job.Types) await target.Projections.EnsureAsync(type, cancellationToken);
            return true;
        }
        catch (LayoutChangedException)
        {
            return false;
        }
    }

    /// <summary>False if another node holds it, or has gone further.</summary>
    private static async Task<bool> HoldAsync(NpgsqlConnection connection, ReindexJob job, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "select id from es.reindex_job where id = $1 and state = 1 and progress = $2 for update skip locked", connection)
        {
            Parameters = { new NpgsqlParameter<int> { TypedValue = job.Id }, new NpgsqlParameter<long> { TypedValue = job.Progress } },
        };
        return await command.ExecuteScalarAsync(cancellationToken) is not null;
    }

    private static async Task EndAsync(NpgsqlConnection connection, ReindexJob job, ReindexState state, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "update es.reindex_job set state = $2, ended_at = now() where id = $1 and state = 1", connection)
        {
            Parameters = { new NpgsqlParameter<int> { TypedValue = job.Id }, new NpgsqlParameter<short> { TypedValue = (short)state } },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
