using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;

using EventFhir.Core.Events;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Conditions;
using EventFhir.Postgres.Projections;
using EventFhir.Postgres.Sql;
using EventFhir.Postgres.Writing;

using Npgsql;

using NpgsqlTypes;

namespace EventFhir.Postgres.Bulk;

/// <summary>
/// A large group of resources of which none is stored yet, loaded by COPY: rows of es.stream are written once and complete, events and search
/// rows carry rids known beforehand. The outcome is that of es.append; a group with a resource that is stored already is left to es.append
/// (docs/storage.md, "A large group of new resources"). Kept and refilled; hot path, measured by bulk-import.
/// </summary>
/// <param name="commandsMin">With fewer resources and fewer bytes a group is left to es.append.</param>
internal sealed class BulkLoad(KnownRids known, GuardCheck guards, Release release, int commandsMin)
{
    private const long BytesMin = 1 << 20;

    /// <summary>A race for a key is lost to somebody who is then seen; more than a few in a row is bad luck that es.append bears better.</summary>
    private const int AttemptsMax = 3;

    private static readonly string Refer = SqlFile.Read("bulk-refer.sql");
    private static readonly string ReadRids = SqlFile.Read("bulk-rids.sql");
    private static readonly string Find = SqlFile.Read("bulk-find.sql");
    private static readonly string Draw = SqlFile.Read("bulk-draw.sql");
    private const string CopyStreams =
        "copy es.stream (rid, tenant, type, id, version, deleted, seq, updated, digest) from stdin (format binary)";

    private const int StreamColumns = 9;
    private static readonly string TakeOver = SqlFile.Read("bulk-take.sql");
    private static readonly string CountIn = SqlFile.Read("bulk-count.sql");
    private readonly CopyRows rows = new();
    private readonly EventRows events = new(release);
    private readonly Dictionary<ResourceKey, int> own = [];
    private readonly Dictionary<long, int> placeholders = [];
    private readonly NewStreams missing = new();
    private long[] rids = [];
    private long[] seqs = [];
    private long[] refs = [];

    private enum Course { Loaded, IsStored, LostRace, Superseded }

    /// <summary>True if nothing about the group needs a decision, unless one of its resources is stored already.</summary>
    public bool IsFor(IReadOnlyList<PendingGroup> batch)
    {
        if (batch is not [{ Group: { IdempotencyKey: null, Commands: var commands } } only]) return false;
        if (commands.Length < commandsMin && only.Bytes < BytesMin) return false;
        foreach (var command in commands)
            if (command is not { Content: not null, Precondition: Precondition.Always }) return false;
        return true;
    }

    /// <summary>Null if a resource is stored already, or others are at the same keys: nothing has been written then.</summary>
    /// <param name="batch">Filled with the group.</param>
    public async Task<ImmutableArray<WriteOutcome>?> TryAsync(
        NpgsqlConnection connection, AppendBatch batch, PendingGroup group, CancellationToken cancellationToken)
    {
        Prepare(batch);
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            try
            {
                var (course, at) = await LoadAsync(connection, batch, group, cancellationToken);
                if (course is Course.Loaded) return Outcomes(batch, group.TransactionId, at);
                if (course is Course.IsStored) return null;
                if (course is Course.Superseded) return group.RefusedBy(WriteRefusals.Superseded);
            }
            catch (PostgresException exception) when (
                exception.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected)
            {
            }
            StoreMetrics.Retries.Add(1, new KeyValuePair<string, object?>("reason", "bulk race"));
        }
        return null;
    }

    private void Prepare(AppendBatch batch)
    {
        own.Clear();
        for (var index = 0; index < batch.Commands.Count; index++) own.Add(batch.Commands[index].Command.Key, index);
        if (rids.Length < own.Count) (rids, seqs) = (new long[own.Count], new long[own.Count]);
        if (refs.Length < batch.References.Keys.Count) refs = new long[batch.References.Keys.Count];
    }

    private async Task<(Course Course, DateTime At)> LoadAsync(
        NpgsqlConnection connection, AppendBatch batch, PendingGroup group, CancellationToken cancellationToken)
    {
        await ReferAsync(connection, batch.References, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await guards.HoldAsync(connection, [group], batch.Target.Rules.Generation, cancellationToken) is [false])
            return (Course.Superseded, default);
        if (await FindAsync(connection, batch, cancellationToken) is not { } at) return (Course.IsStored, default);
        if (!await WriteStreamsAsync(connection, batch, at, cancellationToken)) return (Course.LostRace, default);
        events.Fill(rows, batch, group, new StreamNumbers(rids, seqs), at);
        await rows.SendAsync(connection, EventRows.Copy, cancellationToken);
        var numbers = new BatchRids(rids, refs);
        for (var index = 0; index < batch.References.Keys.Count; index++)
            if (own.TryGetValue(batch.References.Keys[index], out var command)) refs[index] = rids[command];
        foreach (var indexRows in batch.IndexRows) await indexRows.CopyAsync(connection, rows, numbers, cancellationToken);
        await FinishAsync(connection, batch, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        for (var index = 0; index < batch.Commands.Count; index++) known.Add(batch.Commands[index].Command.Key, rids[index]);
        return (Course.Loaded, at);
    }

    /// <summary>
    /// Rids of what the group refers to, those of its own resources excepted. Placeholders are committed at once, so that nobody who refers to
    /// the same key has to wait for this load.
    /// </summary>
    private async Task ReferAsync(NpgsqlConnection connection, References references, CancellationToken cancellationToken)
    {
        missing.Clear();
        for (var index = 0; index < references.Keys.Count; index++)
        {
            var key = references.Keys[index];
            if (own.ContainsKey(key)) continue;
            if (known.TryFind(key, out var rid)) refs[index] = rid;
            else missing.Add(index, key);
        }
        if (missing.IsEmpty) return;
        await using var batch = connection.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(Refer) { Parameters = { TenantOnly(), missing.Types(), missing.Ids() } });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(ReadRids) { Parameters = { TenantOnly(), missing.Types(), missing.Ids() } });
        var found = 0;
        await using (var reader = await batch.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken)) refs[missing.Indexes[found++]] = reader.GetInt64(0);
        }
        if (found != missing.Indexes.Count) throw new UnreachableException("A referenced key has no row.");
        foreach (var index in missing.Indexes) known.Add(references.Keys[index], refs[index]);
    }

    /// <summary>The time of the group, and in <see cref="placeholders"/> the commands whose key has a row; null if one of them is more.</summary>
    private async Task<DateTime?> FindAsync(NpgsqlConnection connection, AppendBatch append, CancellationToken cancellationToken)
    {
        placeholders.Clear();
        await using var batch = connection.CreateBatch();
        // Before a number is drawn: whoever stops the writes may rely on it that no number at or below the last is still to come.
        batch.BatchCommands.Add(new NpgsqlBatchCommand("lock table es.stream in row exclusive mode"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select date_trunc('milliseconds', clock_timestamp())"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(Find)
        {
            Parameters = { TenantOnly(), Array(append.TypeNumbers, NpgsqlDbType.Smallint), Array(append.Ids, NpgsqlDbType.Text) },
        });
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var at = reader.GetDateTime(0);
        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (reader.GetInt32(2) > 0) return null;
            placeholders.Add(reader.GetInt64(1), reader.GetInt32(0) - 1);
        }
        return at;
    }

    /// <summary>
    /// Adds rows first and locks then, each in key order, as es.append does: so nobody waits in a circle. The unique index decides who was first, and
    /// makes us wait for others in flight. False if somebody was faster at one of the placeholders.
    /// </summary>
    private async Task<bool> WriteStreamsAsync(NpgsqlConnection connection, AppendBatch append, DateTime at, CancellationToken cancellationToken)
    {
        System.Array.Clear(rids);
        foreach (var (rid, index) in placeholders) rids[index] = rid;
        if (placeholders.Count < append.Commands.Count) await AddStreamsAsync(connection, append, at, cancellationToken);
        return placeholders.Count == 0 || await TakeOverAsync(connection, append, at, cancellationToken);
    }

    private async Task AddStreamsAsync(NpgsqlConnection connection, AppendBatch append, DateTime at, CancellationToken cancellationToken)
    {
        await using (var draw = new NpgsqlCommand(Draw, connection))
        {
            draw.Parameters.Add(new NpgsqlParameter<int> { TypedValue = append.Commands.Count - placeholders.Count });
            await using var reader = await draw.ExecuteReaderAsync(cancellationToken);
            rows.Clear();
            for (var index = 0; index < append.Commands.Count; index++)
            {
                if (rids[index] != 0) continue;
                if (!await reader.ReadAsync(cancellationToken)) throw new UnreachableException("Fewer numbers came than were asked for.");
                (rids[index], seqs[index]) = (reader.GetInt64(0), reader.GetInt64(1));
                AddStream(append.Commands[index].Command, rids[index], seqs[index], at);
            }
        }
        await rows.SendAsync(connection, CopyStreams, cancellationToken);
    }

    private void AddStream(WriteCommand command, long rid, long seq, DateTime at)
    {
        rows.StartRow(StreamColumns);
        rows.Add(rid);
        rows.Add(Tenant.Only);
        rows.Add((short)command.Key.Type.Number);
        rows.Add(command.Key.Id.Value);
        rows.Add(1);
        rows.AddFalse();
        rows.Add(seq);
        rows.Add(at);
        rows.Add(command.Content!.Body.Digest);
    }

    /// <summary>Numbers are drawn under the row's lock.</summary>
    private async Task<bool> TakeOverAsync(NpgsqlConnection connection, AppendBatch append, DateTime at, CancellationToken cancellationToken)
    {
        var (taken, digests) = (new List<long>(placeholders.Count), new List<Guid>(placeholders.Count));
        foreach (var (rid, index) in placeholders.OrderBy(entry => entry.Value))
        {
            taken.Add(rid);
            digests.Add(append.Commands[index].Command.Content!.Body.Digest);
        }
        await using var take = new NpgsqlCommand(TakeOver, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<DateTime> { TypedValue = at, NpgsqlDbType = NpgsqlDbType.TimestampTz },
                Array(taken, NpgsqlDbType.Bigint),
                Array(digests, NpgsqlDbType.Uuid),
            },
        };
        await using var reader = await take.ExecuteReaderAsync(cancellationToken);
        var updated = 0;
        for (; await reader.ReadAsync(cancellationToken); updated++) seqs[placeholders[reader.GetInt64(0)]] = reader.GetInt64(1);
        return updated == taken.Count;
    }

    private async Task FinishAsync(NpgsqlConnection connection, AppendBatch append, CancellationToken cancellationToken)
    {
        await using var batch = connection.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select set_config('es.rids', $1::text, true)")
        {
            Parameters = { Array(new ArraySegment<long>(rids, 0, append.Commands.Count).ToList(), NpgsqlDbType.Bigint) },
        });
        foreach (var indexRows in append.IndexRows) indexRows.AddRestTo(batch);
        if (batch.BatchCommands.Count == 1) batch.BatchCommands.Clear();
        batch.BatchCommands.Add(append.Target.Require());

        var (types, counts) = (new List<short>(), new List<long>());
        foreach (var type in append.TypeNumbers)
        {
            if (types.Count == 0 || types[^1] != type)
            {
                types.Add(type);
                counts.Add(0);
            }
            counts[^1]++;
        }
        batch.BatchCommands.Add(new NpgsqlBatchCommand(CountIn)
        {
            Parameters = { TenantOnly(), Array(types, NpgsqlDbType.Smallint), Array(counts, NpgsqlDbType.Bigint) },
        });
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private static ImmutableArray<WriteOutcome> Outcomes(AppendBatch batch, Guid transaction, DateTime at)
    {
        var outcomes = new WriteOutcome[batch.Commands.Count];
        foreach (var (_, place, command) in batch.Commands)
            outcomes[place] = new WriteOutcome.Appended(command.Key, 1, at, IsNew: true) { Transaction = transaction };
        return ImmutableArray.Create(outcomes);
    }

    private static NpgsqlParameter TenantOnly() => new NpgsqlParameter<short> { TypedValue = Tenant.Only };

    private static NpgsqlParameter Array<T>(List<T> values, NpgsqlDbType element) =>
        new NpgsqlParameter<List<T>> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | element };
}
