using System.Collections.Immutable;

using EventFhir.Core.Events;
using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Projections;
using EventFhir.Postgres.Replay;
using EventFhir.Postgres.Writing;

using Npgsql;

using NpgsqlTypes;

namespace EventFhir.Postgres.Parameters;

/// <summary>Going through all resources of some types once more.</summary>
/// <param name="Types">Names of resource types.</param>
/// <param name="Finished">Null while it is under way.</param>
public sealed record ReindexJob(
    int Id, ImmutableArray<string> Types, long Done, long Total, DateTimeOffset Started, DateTimeOffset? Finished);

/// <summary>
/// Makes the search rows of stored resources anew, for all parameters, and replaces those that differ: $reindex. Like <see cref="ParameterWalk"/>
/// it goes on on any node, a page in each transaction.
/// </summary>
public sealed class ReindexWalk(EventDatabase database, ParameterRegistry registry)
{
    private const int JobsShown = 10;
    private readonly ResourceWalk walk = new(database, registry.Active.Current.Release);
    private readonly References references = new();

    /// <summary>Starts to go through the types, or tells of the job that does so already.</summary>
    public async Task<ReindexJob> StartAsync(ImmutableArray<TypeDefinition> types, CancellationToken cancellationToken)
    {
        await using (var command = database.Maintenance.CreateCommand("""
            insert into es.reindex (types, total)
            select $1, (select coalesce(sum(c.live), 0) from es.counter c where c.tenant = 0 and c.type = any($2))
            where not exists (select from es.reindex r where r.finished_at is null and r.types = $1)
            """))
        {
            command.Parameters.Add(Names(types));
            command.Parameters.Add(Numbers(types));
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        var names = types.Select(type => type.Name).ToHashSet(StringComparer.Ordinal);
        return (await ReadAsync(cancellationToken)).First(job => names.SetEquals(job.Types));
    }

    /// <summary>The last jobs, the newest first.</summary>
    public async Task<ImmutableArray<ReindexJob>> ReadAsync(CancellationToken cancellationToken)
    {
        await using var command = database.Reader.CreateCommand(
            "select id, types, done, total, started_at, finished_at from es.reindex order by finished_at is null desc, id desc limit $1");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = JobsShown });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var jobs = ImmutableArray.CreateBuilder<ReindexJob>();
        while (await row.ReadAsync(cancellationToken))
            jobs.Add(new ReindexJob(
                row.GetInt32(0), [.. row.GetFieldValue<string[]>(1)], row.GetInt64(2), row.GetInt64(3), row.GetFieldValue<DateTimeOffset>(4),
                row.IsDBNull(5) ? null : row.GetFieldValue<DateTimeOffset>(5)));
        return jobs.ToImmutable();
    }

    /// <summary>Does one page of the oldest job.</summary>
    public async Task<StepOutcome> StepAsync(CancellationToken cancellationToken)
    {
        if (await NextAsync(cancellationToken) is not var (id, types, from)) return StepOutcome.Idle;
        var target = registry.Rules;
        var (resources, last, count) = await walk.ReadAsync(from, types, target.Extract, cancellationToken);
        var rows = Fill(target, resources);
        await walk.ReferAsync(references, cancellationToken);

        await using var connection = await database.Writer.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await connection.ReadAsync<bool>(ParameterRegistry.TryLock, cancellationToken)) return StepOutcome.Elsewhere;
        if (!await HoldAsync(connection, id, from, cancellationToken)) return StepOutcome.Elsewhere;
        await using var batch = new NpgsqlBatch(connection, transaction);
        if (count > 0)
        {
            var rids = await ResourceWalk.LockAsync(connection, resources, cancellationToken);
            batch.BatchCommands.Add(new NpgsqlBatchCommand("select es.require_generation($1)")
            {
                Parameters = { new NpgsqlParameter<long> { TypedValue = target.Generation } },
            });
            batch.BatchCommands.Add(ResourceWalk.Address(IndexReplay.LeaveMissingOut, rids, references));
            foreach (var ofType in rows) ofType.AddTo(batch);
        }
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            "update es.reindex set progress = $2, done = done + $3, finished_at = case when $3 = 0 then now() end where id = $1")
        {
            Parameters =
            {
                new NpgsqlParameter<int> { TypedValue = id }, new NpgsqlParameter<long> { TypedValue = last },
                new NpgsqlParameter<long> { TypedValue = count },
            },
        });
        try
        {
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == LiveIndexing.StaleSet)
        {
            await transaction.RollbackAsync(cancellationToken);
            await registry.ReloadAsync(cancellationToken);
            return StepOutcome.Worked;
        }
        await transaction.CommitAsync(cancellationToken);
        return StepOutcome.Worked;
    }

    private ICollection<IndexRows> Fill(ReplayRules target, List<WalkedResource> resources)
    {
        references.Clear();
        var rows = new Dictionary<TypeDefinition, IndexRows>();
        for (var place = 0; place < resources.Count; place++)
        {
            var type = resources[place].Type;
            if (!rows.TryGetValue(type, out var ofType)) rows.Add(type, ofType = new IndexRows(new TypeTables(target.LayoutOf(type))));
            ofType.AddReplacement(place + 1, resources[place].Entries, references);
        }
        return rows.Values;
    }

    private async Task<(int Id, short[] Types, long Progress)?> NextAsync(CancellationToken cancellationToken)
    {
        await using var command = database.Reader.CreateCommand(
            "select id, types, progress from es.reindex where finished_at is null order by id limit 1");
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken)) return null;
        var types = row.GetFieldValue<string[]>(1).Select(name => registry.Active.Current.Release.FindResourceType(name)).OfType<TypeDefinition>();
        return (row.GetInt32(0), [.. types.Select(type => (short)type.Number)], row.GetInt64(2));
    }

    private static async Task<bool> HoldAsync(NpgsqlConnection connection, int id, long from, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "select id from es.reindex where id = $1 and finished_at is null and progress = $2 for update skip locked", connection)
        {
            Parameters = { new NpgsqlParameter<int> { TypedValue = id }, new NpgsqlParameter<long> { TypedValue = from } },
        };
        return await command.ExecuteScalarAsync(cancellationToken) is not null;
    }

    private static NpgsqlParameter<string[]> Names(ImmutableArray<TypeDefinition> types) =>
        new() { TypedValue = [.. types.Select(type => type.Name)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };

    private static NpgsqlParameter<short[]> Numbers(ImmutableArray<TypeDefinition> types) =>
        new() { TypedValue = [.. types.Select(type => (short)type.Number)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Smallint };
}
