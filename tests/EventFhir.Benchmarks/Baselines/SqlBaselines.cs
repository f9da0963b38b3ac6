using System.Diagnostics;
using System.Text;
using EventFhir.Benchmarks.Data;
using Npgsql;
using NpgsqlTypes;

namespace EventFhir.Benchmarks.Baselines;

/// <summary>What PostgreSQL does at best with the bytes of the scenarios: B1 to B4, through Npgsql on prepared statements.</summary>
public sealed class SqlBaselines(NpgsqlDataSource database, SampleData data)
{
    private const int EventsPerBatch = 100;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(2);

    /// <summary>B4: COPY into an event table with two unique indexes, one connection. Resources per second.</summary>
    public async Task<double> CopyAsync()
    {
        await using (var schema = database.CreateCommand(SqlFile.Read("event-table"))) await schema.ExecuteNonQueryAsync();
        await using var connection = await database.OpenConnectionAsync();
        var start = Stopwatch.GetTimestamp();
        await using (var copy = await connection.BeginBinaryImportAsync("copy baseline.event (type, id, version, body) from stdin (format binary)"))
        {
            foreach (var resource in data.Resources)
            {
                await copy.StartRowAsync();
                await copy.WriteAsync(resource.Type, NpgsqlDbType.Text);
                await copy.WriteAsync(resource.Id, NpgsqlDbType.Text);
                await copy.WriteAsync(1, NpgsqlDbType.Integer);
                await copy.WriteAsync(resource.Body, NpgsqlDbType.Text);
            }

            await copy.CompleteAsync();
        }

        return data.Resources.Length / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>B1: one body by primary key, after <see cref="CopyAsync"/>. Reads per second.</summary>
    public Task<double> SelectByKeyAsync(int clients) => RunAsync(clients, "select-by-key", 1, (command, random) =>
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = random.NextInt64(1, data.Resources.Length + 1) }));

    /// <summary>B2: one event and its commit. Events per second.</summary>
    public Task<double> InsertEventAsync(int clients) => RunAsync(clients, "insert-event", 1, AddEvent);

    /// <summary>B2b: event and head in one statement and one commit. Creates per second.</summary>
    public Task<double> InsertEventAndHeadAsync(int clients) => RunAsync(clients, "insert-event-and-head", 1, AddEvent);

    /// <summary>B3: a hundred events in one statement and one commit. Events per second.</summary>
    public Task<double> InsertEventsAsync(int clients) => RunAsync(clients, "insert-events", EventsPerBatch, (command, random) =>
    {
        var chosen = Enumerable.Range(0, EventsPerBatch).Select(_ => Pick(random)).ToList();
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. chosen.Select(static resource => resource.Type)] });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. chosen.Select(static _ => Guid.CreateVersion7().ToString())] });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. chosen.Select(static resource => Encoding.UTF8.GetString(resource.Body))] });
    });

    private void AddEvent(NpgsqlCommand command, Random random)
    {
        var resource = Pick(random);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = resource.Type });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Guid.CreateVersion7().ToString() });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = resource.Body, NpgsqlDbType = NpgsqlDbType.Text });
    }

    private SampleResource Pick(Random random) => data.Resources[random.Next(data.Resources.Length)];

    private async Task<double> RunAsync(int clients, string sql, int rowsPerCall, Action<NpgsqlCommand, Random> addParameters)
    {
        var start = Stopwatch.GetTimestamp();
        var calls = await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(() => LoopAsync(new Random(client)))));
        return calls.Sum() * rowsPerCall / Stopwatch.GetElapsedTime(start).TotalSeconds;

        async Task<long> LoopAsync(Random random)
        {
            await using var connection = await database.OpenConnectionAsync();
            await using var command = new NpgsqlCommand(SqlFile.Read(sql), connection);
            for (long done = 0; ; done++)
            {
                if (Stopwatch.GetElapsedTime(start) > Duration) return done;
                command.Parameters.Clear();
                addParameters(command, random);
                await command.ExecuteScalarAsync();
            }
        }
    }
}
