using System.Collections.Immutable;
using System.Diagnostics;
using Npgsql;

namespace EventFhir.Benchmarks.Searches;

/// <summary>Whether PostgreSQL may keep the plan of a statement of B6, or has to plan it for its values each time. The better one counts.</summary>
public enum BaselinePlan { Free, Custom }

/// <summary>B6: the hand-written SQL through Npgsql, prepared, all bytes of the answer read, as many connections as the server is asked on.</summary>
public sealed class BaselineLoad(NpgsqlDataSource database, BaselinePlan plan, ImmutableArray<SearchCase> cases, int connections)
{
    public BaselinePlan Plan => plan;

    public static NpgsqlDataSource Connect(string connectionString, BaselinePlan plan) => NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(connectionString)
        {
            MaxPoolSize = 32, MaxAutoPrepare = 60, Options = $"-c jit=off {(plan is BaselinePlan.Custom ? "-c plan_cache_mode=force_custom_plan" : "")}",
        });

    /// <summary>Answers per second.</summary>
    public async Task<double> RunAsync(TimeSpan duration)
    {
        var start = Stopwatch.GetTimestamp();
        var next = -1;
        var calls = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(LoopAsync)));
        return calls.Sum() / Stopwatch.GetElapsedTime(start).TotalSeconds;

        async Task<long> LoopAsync()
        {
            await using var connection = await database.OpenConnectionAsync();
            for (long done = 0; ; done++)
            {
                if (Stopwatch.GetElapsedTime(start) > duration) return done;
                await using var command = CommandOf(cases[(int)((uint)Interlocked.Increment(ref next) % cases.Length)], connection);
                await using var row = await command.ExecuteReaderAsync();
                while (await row.ReadAsync()) _ = row.GetFieldValue<byte[]>(row.FieldCount - 1);
            }
        }
    }

    /// <summary>The ids that a search must give; of a count, the number.</summary>
    public async Task<ImmutableArray<string>> ExpectedAsync(SearchCase search)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var command = CommandOf(search, connection);
        await using var row = await command.ExecuteReaderAsync();
        var ids = ImmutableArray.CreateBuilder<string>();
        while (await row.ReadAsync()) ids.Add(row.GetString(0));
        return ids.ToImmutable();
    }

    public static NpgsqlCommand CommandOf(SearchCase search, NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand(search.Sql, connection);
        foreach (var parameter in search.Parameters) command.Parameters.Add(parameter.Clone());
        return command;
    }
}
