using System.Globalization;

using EventFhir.Tests;

using Npgsql;

using Xunit;

namespace EventFhir.PostgresTests.Proof;

/// <summary>
/// Changes one byte somewhere, verifies, and undoes it. EVENTFHIR_TAMPERINGS says how often (default 30), EVENTFHIR_SEED where. Whatever the database
/// itself refuses does not count.
/// </summary>
public sealed class FindingTampering(TestCluster cluster)
{
    private const string Columns =
        """
        select n.nspname || '.' || c.relname, a.attname, format_type(a.atttypid, null)
        from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'es' and c.relname in ('event', 'feed', 'tile', 'checkpoint') and a.attnum > 0 and not a.attisdropped
        order by 1, 2
        """;

    [Fact]
    public async Task No_byte_of_an_event_a_feed_row_a_tile_or_a_checkpoint_changes_unseen()
    {
        var wanted = int.Parse(Environment.GetEnvironmentVariable("EVENTFHIR_TAMPERINGS") ?? "30", CultureInfo.InvariantCulture);
        var seed = int.Parse(Environment.GetEnvironmentVariable("EVENTFHIR_SEED") ?? "1", CultureInfo.InvariantCulture);
        var random = new Random(seed);
        await using var fixture = await ProofFixture.FilledAsync(cluster);
        Assert.Empty((await fixture.VerifyAsync()).Differences);
        await using var connection = new NpgsqlConnection(fixture.Store.Database.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        var columns = await ReadAsync(connection, Columns);
        Assert.Equal(34, columns.Count);
        for (var (done, next) = (0, random.Next(columns.Count)); done < wanted; next++)
        {
            var (table, column, type) = (columns[next % columns.Count][0]!, columns[next % columns.Count][1]!, columns[next % columns.Count][2]!);
            var rows = await ReadAsync(connection, $"select ctid::text, {column}::text from {table} order by {OrderOf(table)}");
            var row = new[] { rows[random.Next(rows.Count)] };
            if (Changed(row[0][1], type, random) is not { } changed) continue;
            var place = table == "es.event"
                ? (await ReadAsync(connection, $"select f.position::text, s.id from es.event e join es.feed f on f.seq = e.seq join es.stream s on s.rid = e.rid where e.ctid = '{row[0][0]}'"))[0]
                : null;
            if (await UpdateAsync(connection, table, column, row[0][0], changed) is not { } now) continue;
            var report = await fixture.VerifyAsync();
            var what = $"{table}.{column} from {row[0][1]} to {changed} (seed {seed}): {string.Join("; ", report.Differences)}";
            Assert.False(report.IsClean, what);
            if (place is not null)
                Assert.True(
                    report.Differences.Any(difference => difference.What.Contains($"position {place[0]} ", StringComparison.Ordinal)
                        || difference.Subject.Contains('/' + place[1]!, StringComparison.Ordinal)), what);
            Assert.NotNull(await UpdateAsync(connection, table, column, now, row[0][1]));
            done++;
        }
        Assert.Empty((await fixture.VerifyAsync()).Differences);
    }

    [Theory]
    [InlineData("update es.proof_key set line = 'x' || line", "public key")]
    [InlineData("update es.tree set name = name || 'x'", "public key")]
    [InlineData("update es.follower set position = position - 1", "not of this tree")]
    [InlineData("update es.follower set position = position + 1", "is not what the tiles below")]
    [InlineData("delete from es.event where seq = (select max(seq) from es.event)", "the event at position")]
    [InlineData("delete from es.feed where position = 3", "gap before position 4")]
    [InlineData("delete from es.tile", "is not what the tiles below")]
    [InlineData("insert into es.tile values (3, 0, '\\x00')", "other tiles than its size needs")]
    [InlineData("delete from es.checkpoint", "has no checkpoint")]
    [InlineData("update es.checkpoint set note = (select note from es.checkpoint order by size limit 1) where size = (select max(size) from es.checkpoint)", "not of this tree")]
    [InlineData("update es.feed set position = position + 100 where position = 15; update es.feed set position = 15 where position = 14; update es.feed set position = 14 where position = 115", "not the one that the tree has")]
    [InlineData("update es.event set body = replace(body, 'note', 'nota'), body_commit = sha256(salt || convert_to(replace(body, 'note', 'nota'), 'UTF8')) where seq = 5", "not the one that the tree has")]
    public async Task What_is_removed_moved_or_made_to_fit_is_found(string tampering, string found)
    {
        await using var fixture = await ProofFixture.FilledAsync(cluster);
        await fixture.Store.WriteAsync(StoreFixture.Put(StoreFixture.Patient, "later", 5));
        await fixture.SettleAsync();
        await fixture.Store.ExecuteAsync(tampering);
        Assert.Contains((await fixture.VerifyAsync()).Differences, difference => difference.What.Contains(found, StringComparison.Ordinal));
    }

    private static string OrderOf(string table) => table switch
    {
        "es.event" => "seq",
        "es.feed" => "position",
        "es.tile" => "level, number",
        _ => "size",
    };

    /// <summary>The value with one byte changed, as text; null if it is not worth a try.</summary>
    private static string? Changed(string? value, string type, Random random)
    {
        if (value is null) return type == "text" ? "x" : null;
        switch (type)
        {
            case "smallint" or "integer" or "bigint" or "xid8":
                var bits = type switch { "smallint" => 15, "integer" => 31, _ => 62 };
                return (long.Parse(value, CultureInfo.InvariantCulture) ^ (1L << random.Next(bits))).ToString(CultureInfo.InvariantCulture);
            case "timestamp with time zone":
                var moved = DateTimeOffset.Parse(value, CultureInfo.InvariantCulture) + TimeSpan.FromMicroseconds(1L << random.Next(40));
                return moved.ToString("yyyy-MM-dd HH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture);
            default:
                // Of a bytea, a uuid or a text that is ASCII at this place.
                var places = Enumerable.Range(0, value.Length).Where(place => type switch
                {
                    "bytea" => place >= 2,
                    "uuid" => value[place] != '-',
                    _ => value[place] is > ' ' and < '~',
                }).ToList();
                if (places.Count == 0) return null;
                var characters = value.ToCharArray();
                var at = places[random.Next(places.Count)];
                characters[at] = type is "bytea" or "uuid"
                    ? "0123456789abcdef"[Convert.ToInt32(value[at].ToString(), 16) ^ (1 << random.Next(4))]
                    : (char)(value[at] ^ 1);
                return new string(characters);
        }
    }

    private static async Task<List<string?[]>> ReadAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var row = await command.ExecuteReaderAsync();
        var rows = new List<string?[]>();
        while (await row.ReadAsync()) rows.Add([.. Enumerable.Range(0, row.FieldCount).Select(field => row.IsDBNull(field) ? null : row.GetString(field))]);
        return rows;
    }

    /// <summary>Where the row is now; null if the database refuses the value.</summary>
    private static async Task<string?> UpdateAsync(NpgsqlConnection connection, string table, string column, string? ctid, string? value)
    {
        try
        {
            var type = (await ReadAsync(connection, $"select format_type(atttypid, atttypmod) from pg_attribute where attrelid = '{table}'::regclass and attname = '{column}'"))[0][0];
            await using var command = new NpgsqlCommand($"update {table} set {column} = $1::text::{type} where ctid = '{ctid}' returning ctid::text", connection);
            command.Parameters.Add(new NpgsqlParameter { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
            return (string?)await command.ExecuteScalarAsync();
        }
        catch (PostgresException)
        {
            return null;
        }
    }
}
