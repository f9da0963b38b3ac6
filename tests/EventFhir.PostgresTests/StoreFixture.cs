using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

using EventFhir.Core.Events;
using EventFhir.Core.Search.Indexing;
using EventFhir.Core.Search.Words;
using EventFhir.Model.Definitions;
using EventFhir.Postgres;
using EventFhir.Tests;

using Npgsql;

namespace EventFhir.PostgresTests;

/// <summary>A store on a database of its own, with small layouts and an extraction made for tests: values come from the resource's "note".</summary>
internal sealed class StoreFixture : IAsyncDisposable
{
    public static readonly TypeDefinition Patient = Release.R4.FindResourceType("Patient")!;
    public static readonly TypeDefinition Observation = Release.R4.FindResourceType("Observation")!;

    private StoreFixture(EventDatabase database, StoreOptions options)
    {
        Database = database;
        Store = new ResourceStore(database, Release.R4, LayoutOf, options);
    }

    public EventDatabase Database { get; }
    public ResourceStore Store { get; }

    public static async Task<StoreFixture> NewAsync(TestCluster cluster, StoreOptions? options = null)
    {
        var database = new EventDatabase(await cluster.NewDatabaseAsync());
        await database.Migrator.ApplyAsync(CancellationToken.None);
        return new StoreFixture(database, options ?? new StoreOptions());
    }

    /// <summary>On a database that is there and migrated, perhaps as somebody with fewer rights.</summary>
    public static StoreFixture On(string connectionString) => new(new EventDatabase(connectionString), new StoreOptions());

    /// <summary>A column of each kind and every side table.</summary>
    public static TypeLayout LayoutOf(TypeDefinition type) => new(
        type,
        [
            new IndexColumn("subject", ColumnKind.Reference), new IndexColumn("date_lo", ColumnKind.Instant),
            new IndexColumn("value", ColumnKind.Number), new IndexColumn("value_unit", ColumnKind.Hash),
            new IndexColumn("group", ColumnKind.Text), new IndexColumn("near", ColumnKind.Coordinate),
        ],
        SideTables.Identifiers | SideTables.References | SideTables.Strings | SideTables.Numbers | SideTables.Dates | SideTables.Text);

    public static ResourceKey Key(TypeDefinition type, string id) =>
        ResourceId.TryParse(id, out var parsed) ? new ResourceKey(type, parsed) : throw new ArgumentException(id);

    public static WriteCommand Put(TypeDefinition type, string id, int seed, Precondition? precondition = null) =>
        new(WriteKind.Update, Key(type, id), Content(type, id, seed), precondition ?? Precondition.None);

    public static WriteCommand Post(TypeDefinition type, string id, int seed) =>
        new(WriteKind.Create, Key(type, id), Content(type, id, seed), Precondition.None);

    public static WriteCommand Delete(TypeDefinition type, string id, Precondition? precondition = null) =>
        new(WriteKind.Delete, Key(type, id), Content: null, precondition ?? Precondition.None);

    public static WriteGroup One(WriteCommand command, string? idempotencyKey = null) => new([command], Provenance.None, idempotencyKey);

    public static ResourceContent Content(TypeDefinition type, string id, int seed)
    {
        var head = Encoding.UTF8.GetBytes($$"""{"resourceType":"{{type.Name}}","id":"{{id}}","meta":{""");
        var tail = Encoding.UTF8.GetBytes($$"""},"note":"{{seed}} é"}""");
        var digest = new Guid(SHA256.HashData([.. head, .. tail]).AsSpan(0, 16), bigEndian: true);
        return new ResourceContent(new BodyTemplate(head, tail, digest), EntriesOf(seed));
    }

    /// <summary>What a rebuild extracts from a stored body: the same as was written.</summary>
    public static IndexEntries Extract(TypeDefinition type, ReadOnlyMemory<byte> body)
    {
        var text = Encoding.UTF8.GetString(body.Span);
        var note = text[(text.IndexOf("note\":\"", StringComparison.Ordinal) + 7)..];
        return EntriesOf(int.Parse(note.AsSpan(0, note.IndexOf(' ', StringComparison.Ordinal)), System.Globalization.CultureInfo.InvariantCulture));
    }

    public async Task<WriteOutcome> WriteAsync(WriteCommand command) => (await Store.WriteAsync(One(command), CancellationToken.None))[0];

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(Database.ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Database.ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        await Database.DisposeAsync();
        // Else each database would keep a connection for five minutes, and on a quick machine all of them more than the cluster takes.
        await using var connection = new NpgsqlConnection(Database.ConnectionString);
        NpgsqlConnection.ClearPool(connection);
    }

    private static IndexEntries EntriesOf(int seed)
    {
        var at = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero).AddDays(seed % 1000);
        return new IndexEntries
        {
            Columns =
            [
                seed % 3 == 0 ? default : ColumnValue.Of(Key(Patient, $"subject-{seed % 5}")), ColumnValue.Of(at),
                ColumnValue.Of(seed / 10m), ColumnValue.Of(77L * (seed % 4)), seed % 2 == 0 ? ColumnValue.Of($"group {seed}") : default,
                ColumnValue.Of(seed * 0.25),
            ],
            Terms = [.. Enumerable.Range(0, 15).Select(term => (long)((seed * 31) + (term * 1_000_003)))],
            Identifiers = [seed * 1_000_000_007L],
            References = [new ReferenceEntry(1, Key(Patient, $"performer-{seed % 7}")), new ReferenceEntry(2, Key(Patient, "shared"))],
            Strings = [new StringEntry(3, $"name {seed}", $"Name {seed}"), new StringEntry(3, "same", "Same")],
            Numbers = [new NumberEntry(4, seed, seed + 0.5m)],
            Dates = [new DateEntry(5, at, at.AddDays(1)), new DateEntry(6, at, DateTimeOffset.MaxValue)],
            Lexicon = [new LexiconEntry(LexiconKind.Display, 4, seed, $"shown {seed}"), new LexiconEntry(LexiconKind.Code, 5, 5_000, "code")],
            Narrative = seed % 4 == 0 ? TextWords.Of($"some words and {seed}") : null,
        };
    }
}
