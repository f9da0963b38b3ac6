using Npgsql;

namespace EventFhir.Benchmarks.Measures;

/// <summary>What a run cost: CPU of the program under test and of PostgreSQL, CPU of the loader, and log written.</summary>
public sealed record Cost(TimeSpan ServerCpu, TimeSpan PostgresCpu, TimeSpan LoaderCpu, long WalBytes)
{
    public static Cost operator +(Cost a, Cost b) =>
        new(a.ServerCpu + b.ServerCpu, a.PostgresCpu + b.PostgresCpu, a.LoaderCpu + b.LoaderCpu, a.WalBytes + b.WalBytes);

    public static Cost operator -(Cost a, Cost b) =>
        new(a.ServerCpu - b.ServerCpu, a.PostgresCpu - b.PostgresCpu, a.LoaderCpu - b.LoaderCpu, a.WalBytes - b.WalBytes);
}

/// <summary>Reads running totals; the difference of two readings is the cost of what happened between them.</summary>
public sealed class Meter(NpgsqlDataSource database, int postmasterId)
{
    public async Task<Cost> ReadAsync(int? serverId)
    {
        await using var command = database.CreateCommand(SqlFile.Read("wal-position"));
        var wal = (long)(decimal)(await command.ExecuteScalarAsync())!;
        return new Cost(
            serverId is { } id ? ProcessCpu.Of(id) : TimeSpan.Zero,
            ProcessCpu.OfFamily(postmasterId),
            Environment.CpuUsage.TotalTime,
            wal);
    }
}
