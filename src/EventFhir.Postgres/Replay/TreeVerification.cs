using System.Globalization;

using EventFhir.Core.Proof;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Proof;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Replay;

/// <summary>
/// Holds every event against its leaf in the tree, the tiles against each other, and every checkpoint against the tiles and the keys. Each is
/// compared with what is stored below it, so that one change is one finding and the first bad event is named.
/// </summary>
internal sealed class TreeVerification(NpgsqlConnection connection, Release release, List<Difference> differences, int shownMax)
{
    private const int PageLeaves = 20_000;
    private static readonly string Unplaced = SqlFile.Read("verify-feed.sql");

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await CheckFeedAsync(cancellationToken);
        var size = await connection.ReadAsync<long>("select coalesce((select position from es.follower where name = 'tree'), 0)", cancellationToken);
        await CheckLeavesAsync(size, cancellationToken);
        await CheckTilesAsync(size, cancellationToken);
        await CheckCheckpointsAsync(size, cancellationToken);
    }

    private async Task CheckFeedAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Unplaced, connection) { Parameters = { new NpgsqlParameter<int> { TypedValue = shownMax } } };
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var type = row.IsDBNull(1) ? null : release.FindTypeOfNumber(row.GetInt16(1));
            var (id, version) = row.IsDBNull(3) ? ("", 0) : (row.GetString(2), row.GetInt32(3));
            var subject = string.Create(CultureInfo.InvariantCulture, $"{type?.Name}/{id}/_history/{version}");
            Add(row.GetString(0), type is null ? "" : subject);
        }
    }

    private async Task CheckLeavesAsync(long size, CancellationToken cancellationToken)
    {
        var found = 0;
        for (var from = 0L; from < size; from += PageLeaves)
        {
            var upto = Math.Min(size, from + PageLeaves);
            var addresses = new List<TileAddress>();
            for (var number = from / TileAddress.Width; number * TileAddress.Width < upto; number++) addresses.Add(new TileAddress(0, number));
            var tiles = await TileRows.ReadAsync(connection, addresses, cancellationToken);
            await using var command = LeafRows.Between(connection, from, upto);
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken) && found < shownMax)
                if (!Agrees(row, tiles)) found++;
        }
    }

    private bool Agrees(NpgsqlDataReader row, Dictionary<TileAddress, Tile> tiles)
    {
        var index = row.GetInt64(0) - 1;
        var at = string.Create(CultureInfo.InvariantCulture, $"position {index + 1} of the feed");
        if (LeafRows.Read(row, release) is not { } found)
        {
            Add($"the event at {at} is missing", "");
            return false;
        }
        var place = (int)(index % TileAddress.Width);
        if (tiles.TryGetValue(new TileAddress(0, index / TileAddress.Width), out var tile) && tile.Width > place && tile[place] == found.Leaf.Hash())
            return true;
        Add($"the event at {at} is not the one that the tree has", found.Subject);
        return false;
    }

    /// <summary>Every hash above the leaves is made of the full tile below it, and no tile is there that the tree does not need.</summary>
    private async Task CheckTilesAsync(long size, CancellationToken cancellationToken)
    {
        var (found, expected) = (0, 0L);
        for (var level = 0; size >> (level * TileAddress.Height) > 0; level++)
        {
            var count = ((size >> (level * TileAddress.Height)) + TileAddress.Width - 1) / TileAddress.Width;
            expected += count;
            for (var number = 0L; number < count && found < shownMax; number++)
            {
                var address = new TileAddress(level, number);
                List<TileAddress> needed = [address];
                if (level > 0)
                    for (var child = 0; child < address.WidthIn(size); child++)
                        needed.Add(new TileAddress(level - 1, (number * TileAddress.Width) + child));
                var tiles = await TileRows.ReadAsync(connection, needed, cancellationToken);
                if (IsMadeOf(address, size, tiles)) continue;
                Add($"tile {address} of the tree is not what the tiles below it say", "");
                found++;
            }
        }
        if (await connection.ReadAsync<long>("select count(*) from es.tile", cancellationToken) != expected)
            Add("the tree has other tiles than its size needs", "");
    }

    private static bool IsMadeOf(TileAddress address, long size, Dictionary<TileAddress, Tile> tiles)
    {
        if (!tiles.TryGetValue(address, out var tile) || tile.Hashes.Length != address.WidthIn(size) * TreeHash.Bytes) return false;
        for (var child = 0; address.Level > 0 && child < tile.Width; child++)
        {
            var below = tiles.GetValueOrDefault(new TileAddress(address.Level - 1, (address.Number * TileAddress.Width) + child));
            if (below is not { Width: TileAddress.Width } || below.Subtree(0, TileAddress.Width) != tile[child]) return false;
        }
        return true;
    }

    private async Task CheckCheckpointsAsync(long size, CancellationToken cancellationToken)
    {
        var name = await connection.ReadAsync<string>("select name from es.tree", cancellationToken);
        var keys = new List<NoteKey>();
        foreach (var line in await connection.ReadAllAsync<string>("select line from es.proof_key order by line", cancellationToken))
        {
            if (NoteKey.Parse(line) is { } key && key.Name == name) keys.Add(key);
            else Add("a public key of the log is damaged", "");
        }
        var notes = new List<(long Size, string Note)>();
        await using (var command = new NpgsqlCommand("select size, note from es.checkpoint order by size", connection))
        await using (var row = await command.ExecuteReaderAsync(cancellationToken))
            while (await row.ReadAsync(cancellationToken)) notes.Add((row.GetInt64(0), row.GetString(1)));
        var found = 0;
        foreach (var (signed, text) in notes)
        {
            var problem = SignedNote.Parse(text) is not { } note || Checkpoint.Parse(note.Text) is not { } checkpoint
                ? "is damaged"
                : checkpoint.Size != signed || !checkpoint.Origin.StartsWith(name + "/e", StringComparison.Ordinal) || signed > size || signed < 1
                    ? "is not of this tree"
                    : !note.IsSignedBy(keys) || note.Signatures.Any(signature => !keys.Exists(key => key.Id == signature.KeyId))
                        ? "is not signed by the keys of the log"
                        : await TileRows.RootAsync(connection, signed, suffix: "", cancellationToken) != checkpoint.Root
                            ? "has another root than the tree" : null;
            if (problem is null || found++ >= shownMax) continue;
            Add(string.Create(CultureInfo.InvariantCulture, $"the checkpoint of size {signed} {problem}"), "");
        }
        if (size > 0 && (notes.Count == 0 || notes[^1].Size < 1)) Add("the tree has no checkpoint", "");
    }

    private void Add(string what, string subject) => differences.Add(new Difference(what, subject));
}
