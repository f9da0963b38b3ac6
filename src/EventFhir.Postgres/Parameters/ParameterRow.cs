using System.Collections.Immutable;

using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Sql;

using Npgsql;

using NpgsqlTypes;

namespace EventFhir.Postgres.Parameters;

/// <summary>es.search_set and es.search_parameter, in one snapshot.</summary>
/// <param name="Rids">es.stream.rid of the SearchParameter resource of each custom.</param>
internal sealed record ParameterRows(long Generation, long Revision, ImmutableArray<CustomParameter> Customs, ImmutableArray<long> Rids)
{
    public static async Task<ParameterRows> ReadAsync(NpgsqlConnection connection, Release release, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SqlFile.Read("parameters.sql"), connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var customs = ImmutableArray.CreateBuilder<CustomParameter>();
        var rids = ImmutableArray.CreateBuilder<long>();
        var (generation, revision) = (0L, 0L);
        while (await row.ReadAsync(cancellationToken))
        {
            (generation, revision) = (row.GetInt64(0), row.GetInt64(1));
            if (row.IsDBNull(2)) continue;
            var definition = new CustomDefinition(
                row.GetString(4), row.GetString(5), Enum.Parse<SearchParameterType>(row.GetString(6)), Types(release, row, 7), row.GetString(8),
                Types(release, row, 9)) { Components = Components(row.GetFieldValue<string[]>(14)) };
            customs.Add(new CustomParameter(
                row.GetInt32(2), row.GetString(3), definition, (ParameterState)row.GetInt16(10),
                new IndexingProgress(row.GetInt64(11), row.GetInt64(12))));
            rids.Add(row.GetInt64(13));
        }
        return new ParameterRows(generation, revision, customs.ToImmutable(), rids.ToImmutable());
    }

    public static NpgsqlBatchCommand Insert(long rid, string owner, CustomDefinition definition, ParameterState state, long total) => new("""
        insert into es.search_parameter (rid, owner, url, code, type, bases, expression, targets, state, total, components)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """)
    {
        Parameters =
        {
            new NpgsqlParameter<long> { TypedValue = rid },
            new NpgsqlParameter<string> { TypedValue = owner },
            new NpgsqlParameter<string> { TypedValue = definition.Url },
            new NpgsqlParameter<string> { TypedValue = definition.Code },
            new NpgsqlParameter<string> { TypedValue = definition.Type.ToString() },
            Names(definition.Bases),
            new NpgsqlParameter<string> { TypedValue = definition.Expression },
            Names(definition.Targets),
            new NpgsqlParameter<short> { TypedValue = (short)state },
            new NpgsqlParameter<long> { TypedValue = total },
            new NpgsqlParameter<string[]>
            {
                TypedValue = [.. definition.Components.SelectMany(component => new[] { component.Definition, component.Expression })],
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
            },
        },
    };

    private static ImmutableArray<CompositeComponent> Components(string[] pairs) =>
        [.. pairs.Chunk(2).Select(pair => new CompositeComponent(pair[0], pair[1]))];

    private static NpgsqlParameter<string[]> Names(ImmutableArray<TypeDefinition> types) =>
        new() { TypedValue = [.. types.Select(type => type.Name)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };

    private static ImmutableArray<TypeDefinition> Types(Release release, NpgsqlDataReader row, int column) =>
        [.. row.GetFieldValue<string[]>(column).Select(name => release.FindType(name)).OfType<TypeDefinition>()];
}
