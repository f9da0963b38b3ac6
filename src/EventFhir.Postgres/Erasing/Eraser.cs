using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Replay;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Erasing;

/// <param name="Rid">The surrogate of the resource.</param>
public sealed record ErasableResource(ResourceKey Key, long Rid, long Version, bool IsDeleted, bool IsErased, long Versions, long Holds);

/// <param name="DerivedRows">How many rows derived from the content were deleted.</param>
public sealed record Erasure(long DerivedRows);

/// <summary>
/// Destroys the content of resources by the rule of two persons (docs/proof.md): one requests, another approves. What stays is the skeleton of the
/// log: that there were versions, when, by whom, and the commitments, from which nothing can be guessed.
/// </summary>
public sealed class Eraser(EventDatabase database, ResourceStore store, Release release)
{
    private const string Find =
        """
        select s.rid, s.version, s.deleted, e.kind = 5, (select count(*) from es.event v where v.rid = s.rid and v.salt is not null and v.kind <> 5),
               (select count(*) from es.hold h where h.rid = s.rid and h.lifted_at is null)
        from es.stream s join es.event e on e.seq = s.seq where s.tenant = $1 and s.type = $2 and s.id = $3
        """;

    private const string Request =
        """
        insert into es.erasure (rid, legal_basis, requested_by) values ($1, $2, $3)
        on conflict (rid) where approved_at is null do update set legal_basis = excluded.legal_basis, requested_by = excluded.requested_by,
            requested_at = clock_timestamp()
        returning id
        """;

    private const string Place = "insert into es.hold (rid, reason, placed_by) values ($1, $2, $3)";

    private const string Lift =
        "update es.hold set lift_reason = $2, lifted_by = $3, lifted_at = clock_timestamp() where rid = $1 and lifted_at is null";

    private const string Erase = "select es.erase($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

    /// <summary>Null if the resource was never stored.</summary>
    public async Task<ErasableResource?> FindAsync(ResourceKey key, CancellationToken cancellationToken)
    {
        await using var command = database.Reader.CreateCommand(Find);
        command.AddKey(key);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken)) return null;
        return new ErasableResource(
            key, row.GetInt64(0), row.GetInt32(1), row.GetBoolean(2), row.GetBoolean(3), row.GetInt64(4), row.GetInt64(5));
    }

    /// <summary>Notes that somebody wants the resource erased; nothing is destroyed. A request that is open already is replaced.</summary>
    public async Task<Guid> RequestAsync(ErasableResource resource, string legalBasis, string actor, CancellationToken cancellationToken)
    {
        await using var command = Noting(Request, resource.Rid, legalBasis, actor);
        return (Guid)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>How many derived rows an erasure would delete now; those of the delete that goes before it are not counted twice.</summary>
    public async Task<long> RehearseAsync(ErasableResource resource, CancellationToken cancellationToken)
    {
        await using var connection = await database.Maintenance.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var rows = await ForgetAsync(connection, resource, cancellationToken);
        await transaction.RollbackAsync(cancellationToken);
        return rows;
    }

    /// <summary>Carries a request out: deletes the resource if it is there, then destroys its content and everything derived from it.</summary>
    /// <param name="provenance">Has an actor, who approves.</param>
    public async Task<Outcome<Erasure>> ApproveAsync(
        ErasableResource resource, Guid request, Provenance provenance, CancellationToken cancellationToken)
    {
        await using (var check = database.Reader.CreateCommand("select es.erasure_refusal($1, $2, $3)"))
        {
            check.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = request });
            check.Parameters.Add(new NpgsqlParameter<long> { TypedValue = resource.Rid });
            check.Parameters.Add(new NpgsqlParameter<string> { TypedValue = provenance.Actor! });
            if (await check.ExecuteScalarAsync(cancellationToken) is string why) return RefusalOf(why);
        }
        if (!resource.IsDeleted)
        {
            // By the write path, so that heads, totals and search rows go the way they go for every delete.
            var delete = new WriteCommand(WriteKind.Delete, resource.Key, Content: null, Precondition.None);
            var outcomes = await store.WriteAsync(new WriteGroup([delete], provenance), cancellationToken);
            if (outcomes[0] is WriteOutcome.Refused refused) return refused.Refusal;
        }
        await using var connection = await database.Maintenance.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // A rebuild has read bodies for the tables it is about to put in place.
        if (!await connection.ReadAsync<bool>("select pg_try_advisory_xact_lock(hashtextextended('eventfhir.rebuild', 0))", cancellationToken))
            return Refusal.Of(RefusalKind.TooBusy, "throttled", "A rebuild is under way; approve again when it is done.");
        // Writers wait from here on: one that finds its text in the lexicon relies on it.
        await connection.RunAsync("lock table es.stream in exclusive mode", cancellationToken);
        await using (var command = ErasingCommand(connection, resource, request, provenance))
            if (await command.ExecuteScalarAsync(cancellationToken) is string why) return RefusalOf(why);
        var rows = await ForgetAsync(connection, resource, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        database.Commits.Raise();
        return new Erasure(rows);
    }

    public async Task PlaceHoldAsync(ErasableResource resource, string reason, string actor, CancellationToken cancellationToken)
    {
        await using var command = Noting(Place, resource.Rid, reason, actor);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Lifts every hold on the resource; returns how many there were.</summary>
    public async Task<long> LiftHoldsAsync(ErasableResource resource, string reason, string actor, CancellationToken cancellationToken)
    {
        await using var command = Noting(Lift, resource.Rid, reason, actor);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private NpgsqlCommand Noting(string text, long rid, string reason, string actor)
    {
        var command = database.Maintenance.CreateCommand(text);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = rid });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = reason });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = actor });
        return command;
    }

    private NpgsqlCommand ErasingCommand(NpgsqlConnection connection, ErasableResource resource, Guid request, Provenance provenance)
    {
        var command = new NpgsqlCommand(Erase, connection);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = request });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = resource.Rid });
        foreach (var text in (string?[])[provenance.Actor, provenance.Client, provenance.CorrelationId, provenance.SourceAddress, provenance.Trace])
            command.Parameters.Add(new NpgsqlParameter { Value = (object?)text ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Guid.CreateVersion7() });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Guid.CreateVersion7() });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = release.FhirVersion });
        return command;
    }

    private static async Task<long> ForgetAsync(NpgsqlConnection connection, ErasableResource resource, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select es.forget($1, $2)", connection) { CommandTimeout = 0 };
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = resource.Rid });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = resource.Key.Type.Name.ToLowerInvariant() });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static Refusal RefusalOf(string why) => why switch
    {
        "same person" => Refusal.Of(RefusalKind.Forbidden, "forbidden", "Who has requested the erasure cannot approve it."),
        "held" => Refusal.Of(RefusalKind.Conflict, "business-rule", "The resource is under legal hold."),
        "live" => Refusal.Of(RefusalKind.Conflict, "conflict", "The resource was written meanwhile; request its erasure again."),
        _ => Refusal.Of(RefusalKind.NotFound, "not-found", "There is no open request of this id to erase the resource."),
    };
}
