using System.Collections.Immutable;

using EventFhir.Core;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Replay;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Reindexing;

/// <summary>es.reindex_job: who asks for search rows to be made anew, and how far that is. Any node may do the work.</summary>
public sealed class ReindexJobs(EventDatabase database, Release release)
{
    private const string Columns = "id, types, state, progress, done, total";

    /// <summary>Notes a job for the types that have search tables.</summary>
    public async Task<Outcome<ReindexJob>> StartAsync(IEnumerable<TypeDefinition> types, CancellationToken cancellationToken)
    {
        await using var connection = await database.Maintenance.OpenConnectionAsync(cancellationToken);
        if (await connection.ReadAsync<long>("select count(*) from es.reindex_job where state = 1", cancellationToken) >= Limits.ReindexJobsMax)
            return Refusal.Of(
                RefusalKind.Conflict, "conflict", $"{Limits.ReindexJobsMax} jobs are under way already; GET [base]/$reindex tells how far they are.");
        await using var command = new NpgsqlCommand(SqlFile.Read("reindex-start.sql"), connection)
        {
            Parameters = { new NpgsqlParameter<short[]> { TypedValue = [.. types.Select(type => (short)type.Number)] } },
        };
        ReindexJob job;
        await using (var row = await command.ExecuteReaderAsync(cancellationToken))
        {
            await row.ReadAsync(cancellationToken);
            job = Read(row);
        }
        await connection.RunAsync($"delete from es.reindex_job where state <> 1 and id <= {job.Id - Limits.ReindexJobsKept}", cancellationToken);
        return job;
    }

    /// <summary>The last ones, oldest first.</summary>
    public Task<ImmutableArray<ReindexJob>> ReadAsync(CancellationToken cancellationToken) =>
        ReadAsync($"select {Columns} from es.reindex_job order by id", cancellationToken);

    /// <summary>The first that is not done; null if there is none.</summary>
    internal async Task<ReindexJob?> NextAsync(CancellationToken cancellationToken) =>
        await ReadAsync($"select {Columns} from es.reindex_job where state = 1 order by id limit 1", cancellationToken) is [var job] ? job : null;

    private async Task<ImmutableArray<ReindexJob>> ReadAsync(string text, CancellationToken cancellationToken)
    {
        await using var command = database.Reader.CreateCommand(text);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var jobs = ImmutableArray.CreateBuilder<ReindexJob>();
        while (await row.ReadAsync(cancellationToken)) jobs.Add(Read(row));
        return jobs.ToImmutable();
    }

    private ReindexJob Read(NpgsqlDataReader row) => new(
        row.GetInt32(0), [.. row.GetFieldValue<short[]>(1).Select(number => release.TypeOfNumber(number))], (ReindexState)row.GetInt16(2),
        row.GetInt64(3), row.GetInt64(4), row.GetInt64(5));
}
