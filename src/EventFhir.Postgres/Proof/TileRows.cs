using EventFhir.Core.Proof;

using Npgsql;

using NpgsqlTypes;

namespace EventFhir.Postgres.Proof;

/// <summary>Reads and writes es.tile.</summary>
internal static class TileRows
{
    private const string ReadSome =
        "select t.level, t.number, t.hashes from unnest($1, $2) a(level, number) join es.tile t on t.level = a.level and t.number = a.number";

    private const string Write =
        """
        insert into es.tile (level, number, hashes) select * from unnest($1, $2, $3)
        on conflict (level, number) do update set hashes = excluded.hashes
        """;

    public static async Task<Dictionary<TileAddress, Tile>> ReadAsync(
        NpgsqlConnection connection, IReadOnlyList<TileAddress> addresses, CancellationToken cancellationToken)
    {
        var tiles = new Dictionary<TileAddress, Tile>();
        if (addresses.Count == 0) return tiles;
        await using var command = new NpgsqlCommand(ReadSome, connection) { Parameters = { Levels(addresses), Numbers(addresses) } };
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var address = new TileAddress(row.GetInt16(0), row.GetInt64(1));
            tiles.Add(address, new Tile(address, row.GetFieldValue<byte[]>(2)));
        }
        return tiles;
    }

    public static async Task WriteAsync(NpgsqlConnection connection, IReadOnlyList<Tile> tiles, CancellationToken cancellationToken)
    {
        var addresses = tiles.Select(tile => tile.Address).ToList();
        await using var command = new NpgsqlCommand(Write, connection)
        {
            Parameters =
            {
                Levels(addresses), Numbers(addresses),
                new NpgsqlParameter<byte[][]>
                {
                    TypedValue = [.. tiles.Select(tile => tile.Hashes.ToArray())], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea,
                },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlParameter<short[]> Levels(IReadOnlyList<TileAddress> addresses) =>
        new() { TypedValue = [.. addresses.Select(address => (short)address.Level)] };

    private static NpgsqlParameter<long[]> Numbers(IReadOnlyList<TileAddress> addresses) =>
        new() { TypedValue = [.. addresses.Select(address => address.Number)] };
}
