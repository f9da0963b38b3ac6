using System.Collections.Immutable;
using System.Globalization;

using EventFhir.Core.Search;
using EventFhir.Core.Terminology;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Search;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Terminology;

/// <param name="Rid">es.stream.rid.</param>
internal sealed record StoredSource(long Rid, int Version, byte[] Body);

/// <summary>Finds value sets and code systems by what the search index has of them.</summary>
/// <param name="snapshot">pg_snapshot whose versions are read; null for the newest.</param>
internal sealed class StoredSources(NpgsqlConnection connection, Release release, string? snapshot)
{
    private readonly SearchDefinitions definitions = SearchDefinitions.Of(release);
    private readonly HashSet<short> tables = [];

    /// <summary>Equal states are the same versions of the same resources.</summary>
    public static string StateOf(IEnumerable<StoredSource> sources) => string.Concat(sources.Select(source => Part(source.Rid, source.Version)));

    /// <summary>All resources that a key may mean, in order of their rids.</summary>
    public async Task<ImmutableArray<StoredSource>> ReadAsync(SourceKey key, CancellationToken cancellationToken)
    {
        await LearnTablesAsync(cancellationToken);
        if (QueryOf(key) is not { } query) return [];
        var sql = new SqlBuilder();
        sql.Append($"select v.rid, v.version, v.body from ");
        WriteVersions(sql, query);
        sql.Append($" order by v.rid");
        await using var batch = connection.CreateBatch();
        batch.BatchCommands.Add(sql.Statement());
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        var found = ImmutableArray.CreateBuilder<StoredSource>();
        while (await row.ReadAsync(cancellationToken))
            found.Add(new StoredSource(row.GetInt64(0), row.GetInt32(1), row.GetFieldValue<byte[]>(2)));
        return found.ToImmutable();
    }

    /// <summary>The state of each key, by one look-up in the index.</summary>
    public async Task<ImmutableArray<string>> StatesAsync(ImmutableArray<SourceKey> keys, CancellationToken cancellationToken)
    {
        await LearnTablesAsync(cancellationToken);
        var states = new string[keys.Length];
        Array.Fill(states, "");
        var sql = new SqlBuilder();
        var isFirst = true;
        for (var place = 0; place < keys.Length; place++)
        {
            if (QueryOf(keys[place]) is not { } query) continue;
            if (!isFirst) sql.Append($" union all ");
            isFirst = false;
            sql.Append($"select {place} as place, v.rid, v.version from ");
            WriteVersions(sql, query);
        }
        if (isFirst) return [.. states];
        sql.Append($" order by 1, 2");
        await using var batch = connection.CreateBatch();
        batch.BatchCommands.Add(sql.Statement());
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) states[row.GetInt32(0)] += Part(row.GetInt64(1), row.GetInt32(2));
        return [.. states];
    }

    /// <summary>The rows v of what matches.</summary>
    private void WriteVersions(SqlBuilder sql, TypeQuery query)
    {
        if (snapshot is null)
        {
            sql.Append($"(select s.rid, s.version, e.body from es.stream s join es.event e on e.seq = s.seq where s.rid in (");
            new ClauseWriter(sql, definitions, HasTables).Select(query);
            sql.Append($")) v");
            return;
        }
        var seen = SearchCompiler.Seen(sql, snapshot);
        sql.Append($"es.seen(array(");
        new ClauseWriter(sql, definitions, HasTables, seen).Select(query);
        sql.Append($"), {seen}) v");
    }

    private static string Part(long rid, int version) => string.Create(CultureInfo.InvariantCulture, $"{rid}/{version} ");

    /// <summary>Null if no resource of the kind was ever written.</summary>
    private TypeQuery? QueryOf(SourceKey key)
    {
        if (release.FindResourceType(key.Kind.ToString()) is not { } type || !HasTables(type)) return null;
        return key switch
        {
            SourceKey.ById byId => new TypeQuery(type, [new Clause.Id([byId.Id])]),
            SourceKey.ByUrl byUrl when definitions.Catalog.Find(type, "url") is { } url =>
                new TypeQuery(type, [new Clause.Matches(url, [new SearchValue.Uri(UriMatch.Exact, byUrl.Canonical.Url)])]),
            _ => null,
        };
    }

    private bool HasTables(TypeDefinition type) => tables.Contains((short)type.Number);

    private async Task LearnTablesAsync(CancellationToken cancellationToken)
    {
        if (tables.Count > 0) return;
        await using var command = new NpgsqlCommand("select type from fhir.layout", connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) tables.Add(row.GetInt16(0));
    }
}
