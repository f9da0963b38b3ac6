using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

using EventFhir.Postgres.Embedded;

using Microsoft.Extensions.Logging.Abstractions;

using Npgsql;

using Xunit;

namespace EventFhir.PostgresTests;

public sealed class StartingAPrivateCluster : IDisposable
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), "eventfhir-cluster-" + Guid.NewGuid().ToString("N")[..8]);
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    private EmbeddedOptions Options => new(folder, MemoryMegabytes: 256);

    public void Dispose()
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task What_was_written_is_there_after_a_restart()
    {
        await using (var first = await EmbeddedPostgres.StartAsync(Options, Stop))
            await RunAsync(first.ConnectionString, "create table kept (n int); insert into kept values (7)");
        await using var second = await EmbeddedPostgres.StartAsync(Options, Stop);
        Assert.Equal(7, await RunAsync(second.ConnectionString, "select n from kept"));
    }

    [Fact]
    public async Task A_port_that_somebody_else_has_taken_meanwhile_is_given_up_for_another()
    {
        using var somebody = new TcpListener(IPAddress.Loopback, 0);
        somebody.Start();
        var ports = new Queue<int>([((IPEndPoint)somebody.LocalEndpoint).Port, Cluster.FreePort()]);
        await using var postgres = await EmbeddedPostgres.StartAsync(Options, ports.Dequeue, NullLogger.Instance, Stop);
        Assert.Empty(ports);
        Assert.Equal(1, await RunAsync(postgres.ConnectionString, "select 1"));
    }

    [Fact]
    public async Task It_is_durable_and_speaks_utf8()
    {
        await using var postgres = await EmbeddedPostgres.StartAsync(Options, Stop);
        Assert.Equal("on on UTF8", await RunAsync(
            postgres.ConnectionString,
            "select current_setting('fsync') || ' ' || current_setting('full_page_writes') || ' ' || current_setting('server_encoding')"));
    }

    [Fact]
    public async Task A_second_owner_of_the_folder_is_refused_with_the_process_id_of_the_first()
    {
        await using var first = await EmbeddedPostgres.StartAsync(Options, Stop);
        var refusal = await Assert.ThrowsAsync<DataFolderInUseException>(() => EmbeddedPostgres.StartAsync(Options, Stop));
        Assert.Contains($"process {Environment.ProcessId}", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Others_find_the_running_cluster_and_nobody_finds_a_stopped_one()
    {
        Assert.Null(EmbeddedPostgres.FindRunning(folder));
        await using (var running = await EmbeddedPostgres.StartAsync(Options, Stop))
            Assert.Equal(running.ConnectionString, EmbeddedPostgres.FindRunning(folder));
        Assert.Null(EmbeddedPostgres.FindRunning(folder));
    }

    [Fact]
    public async Task Secrets_are_readable_by_their_owner_only()
    {
        await using var postgres = await EmbeddedPostgres.StartAsync(Options, Stop);
        if (OperatingSystem.IsWindows()) return;
        foreach (var name in new[] { "connection", "postgres-password" })
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, name)));
    }

    [Fact]
    public async Task A_wrong_password_is_refused()
    {
        await using var postgres = await EmbeddedPostgres.StartAsync(Options, Stop);
        var wrong = new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Password = "guess", Pooling = false }.ConnectionString;
        await Assert.ThrowsAsync<PostgresException>(() => RunAsync(wrong, "select 1"));
    }

    [Fact]
    public async Task A_killed_server_comes_back_on_the_same_address_with_all_committed_rows()
    {
        await using var postgres = await EmbeddedPostgres.StartAsync(Options, Stop);
        await RunAsync(postgres.ConnectionString, "create table kept (n int); insert into kept values (7)");
        using (var server = Process.GetProcessById(postgres.ProcessId)) server.Kill();
        Assert.Equal(7, await EventuallyAsync(postgres.ConnectionString, "select n from kept"));
    }

    [Fact]
    public async Task An_orphan_of_a_killed_owner_is_stopped_and_its_rows_are_kept()
    {
        // What a killed owner leaves behind: a running server, its pid file, and no lock.
        var abandoned = await EmbeddedPostgres.StartAsync(Options, Stop);
        await RunAsync(abandoned.ConnectionString, "create table kept (n int); insert into kept values (7)");
        await abandoned.AbandonAsync();
        await using var next = await EmbeddedPostgres.StartAsync(Options, Stop);
        Assert.NotEqual(abandoned.ProcessId, next.ProcessId);
        Assert.Equal(7, await RunAsync(next.ConnectionString, "select n from kept"));
    }

    private static async Task<object?> EventuallyAsync(string connectionString, string sql)
    {
        for (var patience = Stopwatch.StartNew(); ;)
        {
            try
            {
                return await RunAsync(connectionString, sql);
            }
            catch (NpgsqlException) when (patience.Elapsed < TimeSpan.FromMinutes(5))
            {
                await Task.Delay(100, Stop);
            }
        }
    }

    private static async Task<object?> RunAsync(string connectionString, string sql)
    {
        var once = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
        await using var connection = new NpgsqlConnection(once.ConnectionString);
        await connection.OpenAsync(Stop);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(Stop);
    }
}
