using EventFhir.Core.Search.Indexing;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.Model.Json;
using EventFhir.Postgres.Projections;
using EventFhir.Postgres.Replay;

using Npgsql;

namespace EventFhir.Postgres.Parameters;

/// <summary>What came of a step of work in the background.</summary>
public enum StepOutcome
{
    /// <summary>There is nothing to do.</summary>
    Idle,

    /// <summary>A page is done; there may be more.</summary>
    Worked,

    /// <summary>Another node is at it.</summary>
    Elsewhere,
}

/// <summary>
/// Puts the rows of a custom parameter into the index for the resources that were written before it, or takes those of a dropped one out. Each
/// step is one page and one transaction, which holds the parameter's row, so that any node can take the next step, whatever happened to this one.
/// </summary>
public sealed class ParameterWalk(EventDatabase database, ParameterRegistry registry)
{
    private readonly ResourceWalk walk = new(database, registry.Active.Current.Release);
    private readonly Dictionary<int, ParameterRowsOfPage> pages = [];

    /// <summary>Does one page of the first parameter that needs it.</summary>
    public async Task<StepOutcome> StepAsync(CancellationToken cancellationToken)
    {
        foreach (var custom in registry.Active.Current.Customs)
            if (custom.State is ParameterState.Indexing or ParameterState.Dropping) return await StepAsync(custom, cancellationToken);
        pages.Clear();
        return StepOutcome.Idle;
    }

    private async Task<StepOutcome> StepAsync(CustomParameter custom, CancellationToken cancellationToken)
    {
        if (!pages.TryGetValue(custom.Id, out var page))
        {
            await registry.EnsureTablesAsync(custom.Definition, cancellationToken);
            pages.Add(custom.Id, page = new ParameterRowsOfPage(registry.Active.Extractor, custom));
        }
        if (await ProgressAsync(custom, cancellationToken) is not { } from) return await NothingLeftAsync(cancellationToken);
        var (resources, last, count) = await walk.ReadAsync(from, page.Types, page.Extract, cancellationToken);
        page.Fill(resources);
        if (custom.State is ParameterState.Indexing) await walk.ReferAsync(page.References, cancellationToken);

        await using var connection = await database.Writer.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await connection.ReadAsync<bool>(ParameterRegistry.TryLock, cancellationToken)) return StepOutcome.Elsewhere;
        if (!await HoldAsync(connection, custom, from, cancellationToken)) return StepOutcome.Elsewhere;
        if (count == 0) return await FinishAsync(transaction, custom, page, cancellationToken);
        var rids = await ResourceWalk.LockAsync(connection, resources, cancellationToken);
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.BatchCommands.Add(ResourceWalk.Address(IndexReplay.LeaveMissingOut, rids, page.References));
        page.AddTo(batch, custom.State);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("update es.search_parameter set progress = $2, done = done + $3 where id = $1")
        {
            Parameters =
            {
                new NpgsqlParameter<int> { TypedValue = custom.Id }, new NpgsqlParameter<long> { TypedValue = last },
                new NpgsqlParameter<long> { TypedValue = count },
            },
        });
        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return StepOutcome.Worked;
    }

    private async Task<StepOutcome> NothingLeftAsync(CancellationToken cancellationToken)
    {
        await registry.ReloadAsync(cancellationToken);
        return StepOutcome.Worked;
    }

    /// <summary>Null if the parameter is in this state no more.</summary>
    private async Task<long?> ProgressAsync(CustomParameter custom, CancellationToken cancellationToken)
    {
        await using var command = database.Reader.CreateCommand("select progress from es.search_parameter where id = $1 and state = $2");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = custom.Id });
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)custom.State });
        return await command.ExecuteScalarAsync(cancellationToken) as long?;
    }

    /// <summary>False if another node holds it, or has gone further.</summary>
    private static async Task<bool> HoldAsync(NpgsqlConnection connection, CustomParameter custom, long from, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "select id from es.search_parameter where id = $1 and state = $2 and progress = $3 for update skip locked", connection)
        {
            Parameters =
            {
                new NpgsqlParameter<int> { TypedValue = custom.Id }, new NpgsqlParameter<short> { TypedValue = (short)custom.State },
                new NpgsqlParameter<long> { TypedValue = from },
            },
        };
        return await command.ExecuteScalarAsync(cancellationToken) is not null;
    }

    /// <summary>All resources have been gone through, and since the parameter began every write takes part: it is usable, or gone.</summary>
    private async Task<StepOutcome> FinishAsync(
        NpgsqlTransaction transaction, CustomParameter custom, ParameterRowsOfPage page, CancellationToken cancellationToken)
    {
        var connection = transaction.Connection!;
        var isIndexed = custom.State is ParameterState.Indexing;
        if (isIndexed) await page.AnalyzeAsync(connection, cancellationToken);
        else await page.ForgetTextsAsync(connection, custom.Definition.Code, cancellationToken);
        var change = isIndexed
            ? "update es.search_parameter set state = 3, changed_at = now() where id = $1"
            : "delete from es.search_parameter where id = $1";
        await using (var command = new NpgsqlCommand(change, connection) { Parameters = { new NpgsqlParameter<int> { TypedValue = custom.Id } } })
            await command.ExecuteNonQueryAsync(cancellationToken);
        await connection.RunAsync("update es.search_set set revision = revision + 1", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        pages.Remove(custom.Id);
        await registry.RefreshAsync(cancellationToken);
        return StepOutcome.Worked;
    }
}
