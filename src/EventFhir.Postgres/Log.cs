using Microsoft.Extensions.Logging;

namespace EventFhir.Postgres;

/// <summary>What this project says to the operator. Ids are never reused; no patient data.</summary>
internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Information, "PostgreSQL is not installed; installing it with apt-get")]
    public static partial void InstallingPostgres(ILogger logger);

    [LoggerMessage(2002, LogLevel.Information, "Creating a private PostgreSQL cluster in {Folder}")]
    public static partial void CreatingCluster(ILogger logger, string folder);

    [LoggerMessage(2003, LogLevel.Information, "The private PostgreSQL cluster listens on 127.0.0.1:{Port} (process {ProcessId})")]
    public static partial void ClusterStarted(ILogger logger, int port, int processId);

    [LoggerMessage(2004, LogLevel.Warning, "Stopping the PostgreSQL process {ProcessId} that an earlier run of this data folder left behind")]
    public static partial void StoppingOrphan(ILogger logger, int processId);

    [LoggerMessage(2005, LogLevel.Error, "PostgreSQL process {ProcessId} has died; starting it again")]
    public static partial void ClusterDied(ILogger logger, int processId);

    [LoggerMessage(2006, LogLevel.Error, "PostgreSQL could not be started again: {Reason}; trying again in {Seconds} s")]
    public static partial void RestartFailed(ILogger logger, string reason, int seconds);

    [LoggerMessage(2010, LogLevel.Error, "A write failed: {Reason}")]
    public static partial void WriteFailed(ILogger logger, string reason);

    [LoggerMessage(2011, LogLevel.Critical, "A fault of the server in the write path")]
    public static partial void LaneFault(ILogger logger, Exception exception);

    [LoggerMessage(2020, LogLevel.Error, "The follower {Follower} has stopped after position {Position}: {Reason}")]
    public static partial void FollowerStopped(ILogger logger, string follower, long position, string reason);
}
