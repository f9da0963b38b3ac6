using System.Collections.Concurrent;

using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;

using Npgsql;

namespace EventFhir.Postgres.Projections;

/// <summary>The tables of a type were made by another layout than this build has.</summary>
internal sealed class LayoutChangedException(TypeDefinition type)
    : Exception($"The search tables of {type.Name} were made by another layout. Run: eventfhir rebuild.");

/// <summary>
/// Which types have search tables. They are made when a type is first written, so that an empty server starts without a thousand tables;
/// outside the append, so that making them holds up nobody.
/// </summary>
internal sealed class ProjectionCatalog(NpgsqlDataSource database, Func<TypeDefinition, TypeLayout> layoutOf, NewTables newTables)
{
    /// <summary>Taken by whoever swaps search tables.</summary>
    public const string Lock = "select pg_advisory_xact_lock(hashtextextended('fhir.layout', 0))";

    /// <summary>Taken by whoever makes the tables of one type, after <see cref="LockShared"/>: those of others can be made meanwhile.</summary>
    public const string LockOne = "select pg_advisory_xact_lock(hashtextextended('fhir.layout of one type', $1))";

    /// <summary>Taken while tables are to stay where they are.</summary>
    public const string LockShared = "select pg_advisory_xact_lock_shared(hashtextextended('fhir.layout', 0))";

    private readonly ConcurrentDictionary<TypeDefinition, TypeTables> tables = new();
    private readonly ConcurrentDictionary<TypeDefinition, bool> ready = new();

    public TypeTables TablesOf(TypeDefinition type) =>
        tables.TryGetValue(type, out var found) ? found : tables.GetOrAdd(type, static (type, layoutOf) => new TypeTables(layoutOf(type)), layoutOf);

    public TypeLayout LayoutOf(TypeDefinition type) => TablesOf(type).Layout;

    public bool IsReady(TypeDefinition type) => ready.ContainsKey(type);

    /// <summary>Makes the tables of a type if they are missing.</summary>
    /// <exception cref="LayoutChangedException">They are there, but of another layout.</exception>
    public async Task EnsureAsync(TypeDefinition type, CancellationToken cancellationToken)
    {
        if (IsReady(type)) return;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await LockAsync(connection, type, cancellationToken);
        var typeTables = TablesOf(type);
        var wanted = TypeTables.Fingerprint(typeTables.Layout);
        switch (await FingerprintAsync(connection, type, cancellationToken))
        {
            case null:
                await CreateAsync(connection, typeTables, newTables, cancellationToken);
                break;
            case var found when found != wanted:
                throw new LayoutChangedException(type);
            default:
                await AddCustomAsync(connection, typeTables, cancellationToken);
                break;
        }
        await transaction.CommitAsync(cancellationToken);
        ready[type] = true;
    }

    /// <summary>Looks again at the next write: somebody may have swapped the tables.</summary>
    public void Forget() => ready.Clear();

    private static async Task LockAsync(NpgsqlConnection connection, TypeDefinition type, CancellationToken cancellationToken)
    {
        await using var batch = connection.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(LockShared));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(LockOne) { Parameters = { new NpgsqlParameter<long> { TypedValue = type.Number } } });
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<string?> FingerprintAsync(NpgsqlConnection connection, TypeDefinition type, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select fingerprint from fhir.layout where type = $1", connection)
        {
            Parameters = { new NpgsqlParameter<short> { TypedValue = (short)type.Number } },
        };
        return (string?)await command.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>A custom parameter may need a side table that its type lacks.</summary>
    private static async Task AddCustomAsync(NpgsqlConnection connection, TypeTables tables, CancellationToken cancellationToken)
    {
        foreach (var side in tables.CustomSide)
        {
            await using var find = new NpgsqlCommand("select to_regclass($1) is null", connection)
            {
                Parameters = { new NpgsqlParameter<string> { TypedValue = side.Table.Text } },
            };
            if (await find.ExecuteScalarAsync(cancellationToken) is not true) continue;
            await using var create = new NpgsqlCommand(side.Create.Text + side.CreateRidIndex.Text + side.CreateLookup.Text, connection);
            await create.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static async Task CreateAsync(
        NpgsqlConnection connection, TypeTables tables, NewTables newTables, CancellationToken cancellationToken)
    {
        var indexes = newTables is NewTables.Indexed ? tables.CreateIndexes : tables.CreateWriteIndexes;
        // Whoever makes put off indexes does not know of custom parameters.
        var custom = newTables is NewTables.Indexed ? "" : string.Concat(tables.CustomSide.Select(side => side.CreateLookup.Text));
        await using (var create = new NpgsqlCommand(tables.CreateTables.Text + indexes.Text + custom, connection))
            await create.ExecuteNonQueryAsync(cancellationToken);
        await using var note = new NpgsqlCommand("insert into fhir.layout (type, name, fingerprint, indexed) values ($1, $2, $3, $4)", connection)
        {
            Parameters =
            {
                new NpgsqlParameter<short> { TypedValue = (short)tables.Layout.Type.Number },
                new NpgsqlParameter<string> { TypedValue = tables.Layout.Type.Name },
                new NpgsqlParameter<string> { TypedValue = TypeTables.Fingerprint(tables.Layout) },
                new NpgsqlParameter<bool> { TypedValue = newTables is NewTables.Indexed },
            },
        };
        await note.ExecuteNonQueryAsync(cancellationToken);
    }
}
