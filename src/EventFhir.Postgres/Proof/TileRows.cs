using EventFhir.Core.Proof;

using Npgsql;

using NpgsqlTypes;

namespace EventFhir.Postgres.Proof;

/// <summary>Reads and writes es.tile.</summary>
internal static class TileRows
{
    public const string Table = "es.tile";

    public static Task<Dictionary<TileAddress, Tile>> ReadAsync(
        NpgsqlConnection connection, IReadOnlyList<TileAddress> addresses, CancellationToken cancellationToken) =>
        ReadAsync(connection, addresses, suffix: "", cancellationToken);

    /// <param name="suffix">Ends the name of the table, as it does for a rebuild.</param>
    public static async Task<Dictionary<TileAddress, Tile>> ReadAsync(
        NpgsqlConnection connection, IReadOnlyList<TileAddress> addresses, string suffix, CancellationToken cancellationToken)
    {
        var tiles = new Dictionary<TileAddress, Tile>();
        if (addresses.Count == 0) return tiles;
        await using var command = new NpgsqlCommand(ReadFrom(suffix), connection) { Parameters = { Levels(addresses), Numbers(addresses) } };
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var address = new TileAddress(row.GetInt16(0), row.GetInt64(1));
            tiles.Add(address, new Tile(address, row.GetFieldValue<byte[]>(2)));
        }
        return tiles;
    }

    /// <summary>Null if tiles are missing.</summary>
    public static async Task<TreeHash?> RootAsync(NpgsqlConnection connection, long size, string suffix, CancellationToken cancellationToken)
    {
        var plan = ProofPlan.OfRoot(size);
        var tiles = await ReadAsync(connection, plan.Tiles, suffix, cancellationToken);
        return plan.Tiles.All(address => tiles.TryGetValue(address, out var tile) && tile.Width >= address.WidthIn(size))
            ? plan.Resolve(tiles)[0]
            : null;
    }

    public static async Task WriteAsync(
        NpgsqlConnection connection, IReadOnlyList<Tile> tiles, string suffix, CancellationToken cancellationToken)
    {
        var addresses = tiles.Select(tile => tile.Address).ToList();
        await using var command = new NpgsqlCommand(WriteTo(suffix), connection)
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

    private static string ReadFrom(string suffix) =>
        $"""
        select t.level, t.number, t.hashes
        from unnest($1, $2) a(level, number) join {Table}{suffix} t on t.level = a.level and t.number = a.number
        """;

    private static string WriteTo(string suffix) =>
        $"""
        insert into {Table}{suffix} (level, number, hashes) select * from unnest($1, $2, $3)
        on conflict (level, number) do update set hashes = excluded.hashes
        """;

    private static NpgsqlParameter<short[]> Levels(IReadOnlyList<TileAddress> addresses) =>
        new() { TypedValue = [.. addresses.Select(address => (short)address.Level)] };

    private static NpgsqlParameter<long[]> Numbers(IReadOnlyList<TileAddress> addresses) =>
        new() { TypedValue = [.. addresses.Select(address => address.Number)] };
}
