using System.Globalization;

namespace EventFhir.Postgres.Embedded;

/// <summary>The text of postgresql.auto-included settings for the private cluster; the reasons are in docs/operations.md.</summary>
internal static class ClusterSettings
{
    public const string FileName = "eventfhir.conf";

    /// <param name="socketFolder">Empty: no Unix-domain socket.</param>
    /// <param name="lz4">Whether the binaries were built with lz4.</param>
    public static string Text(EmbeddedOptions options, int port, string socketFolder, bool lz4)
    {
        var memory = options.MemoryMegabytes ?? (int)Math.Min(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (4L << 20), 16_384);
        var sharedBuffers = Math.Clamp(memory / 2, 64, 4_096);
        var durable = options.Durability is Durability.Full ? "on" : "off";
        return string.Create(CultureInfo.InvariantCulture, $"""
            # Written by EventFhir at each start; put your own settings into postgresql.auto.conf with ALTER SYSTEM.
            listen_addresses = '127.0.0.1'
            port = {port}
            unix_socket_directories = '{socketFolder.Replace("'", "''", StringComparison.Ordinal)}'
            unix_socket_permissions = 0700
            password_encryption = 'scram-sha-256'
            max_connections = 250
            # The statement of a rebuild that drops the tables of all types before locks more than 10,000 tables and indexes.
            max_locks_per_transaction = 256
            fsync = {durable}
            synchronous_commit = {durable}
            full_page_writes = {durable}
            shared_buffers = {sharedBuffers}MB
            effective_cache_size = {memory * 2}MB
            work_mem = {Math.Clamp(memory / 128, 4, 64)}MB
            maintenance_work_mem = {Math.Clamp(memory / 8, 64, 1_024)}MB
            wal_buffers = 16MB
            wal_compression = {(lz4 ? "lz4" : "on")}
            default_toast_compression = {(lz4 ? "lz4" : "pglz")}
            min_wal_size = 256MB
            max_wal_size = {Math.Clamp(memory, 512, 4_096)}MB
            checkpoint_timeout = 15min
            checkpoint_completion_target = 0.9
            random_page_cost = 1.1
            jit = off
            autovacuum_naptime = 20s
            autovacuum_vacuum_insert_scale_factor = 0.1
            autovacuum_vacuum_cost_delay = 1ms
            idle_in_transaction_session_timeout = 5min
            logging_collector = on
            log_directory = 'log'
            log_filename = 'postgresql-%a.log'
            log_truncate_on_rotation = on
            log_rotation_age = 1d
            log_line_prefix = '%m [%p] '
            # Patient data must not reach a log file: neither statements, nor parameters, nor the key values in error details.
            log_error_verbosity = terse
            log_min_error_statement = panic
            log_parameter_max_length = 0
            log_parameter_max_length_on_error = 0

            """);
    }
}
