using EventFhir.Benchmarks.Data;
using Npgsql;
using NpgsqlTypes;

namespace EventFhir.Benchmarks.Floor;

/// <summary>Loads the data set behind the floor's back, so that both programs read the same resources.</summary>
public static class FloorData
{
    public static async Task LoadAsync(string connectionString, SampleData data)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        await using var connection = await database.OpenConnectionAsync();
        await using (var copy = await connection.BeginBinaryImportAsync("copy floor.event (id, version, body) from stdin (format binary)"))
        {
            foreach (var resource in data.Resources)
            {
                await copy.StartRowAsync();
                await copy.WriteAsync(resource.Id, NpgsqlDbType.Text);
                await copy.WriteAsync(1, NpgsqlDbType.Integer);
                await copy.WriteAsync(resource.Body, NpgsqlDbType.Text);
            }

            await copy.CompleteAsync();
        }

        await using var heads = database.CreateCommand("insert into floor.head select id, version, seq from floor.event on conflict do nothing");
        await heads.ExecuteNonQueryAsync();
        await using var analyze = database.CreateCommand("analyze floor.event, floor.head");
        await analyze.ExecuteNonQueryAsync();
    }
}
