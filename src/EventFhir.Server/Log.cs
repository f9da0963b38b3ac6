namespace EventFhir.Server;

/// <summary>Every message that the server logs: ids are never reused, and none carries patient data.</summary>
internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Error, "Request {RequestId} failed")]
    public static partial void RequestFailed(ILogger logger, string requestId, Exception exception);

    [LoggerMessage(1002, LogLevel.Warning, "Request {RequestId}: the database does not answer")]
    public static partial void DatabaseUnavailable(ILogger logger, string requestId, Exception exception);

    [LoggerMessage(1003, LogLevel.Information, "{Method} {Interaction} answered {Status} in {Milliseconds} ms, request {RequestId}")]
    public static partial void RequestAnswered(ILogger logger, string method, string interaction, int status, double milliseconds, string requestId);

    [LoggerMessage(1011, LogLevel.Information, "Serving FHIR {Release} on {Url}")]
    public static partial void Serving(ILogger logger, string release, string url);

    [LoggerMessage(1012, LogLevel.Error, "Request {RequestId} failed in the database: SQLSTATE {SqlState} {StackTrace}")]
    public static partial void StatementFailed(ILogger logger, string requestId, string? sqlState, string? stackTrace);

    [LoggerMessage(1041, LogLevel.Warning, "The search parameters that clients define could not be looked after; trying again: {Reason}")]
    public static partial void SearchDaemonFailed(ILogger logger, string reason);

    [LoggerMessage(1061, LogLevel.Warning, "Events are not being taken into the tree of proofs; trying again: {Reason}")]
    public static partial void TreeFailed(ILogger logger, string reason);

    [LoggerMessage(1062, LogLevel.Information, "Events are being taken into the tree of proofs again, after {Failures} failed passes")]
    public static partial void TreeGrows(ILogger logger, int failures);

    [LoggerMessage(1031, LogLevel.Warning, "Search indexes that an import left to be made could not be made; trying again: {Reason}")]
    public static partial void IndexesStillPending(ILogger logger, string reason);

    [LoggerMessage(1051, LogLevel.Warning, "Events are not being placed in the feed; trying again: {Reason}")]
    public static partial void SequencerFailed(ILogger logger, string reason);

    [LoggerMessage(1052, LogLevel.Information, "Events are being placed in the feed again, after {Failures} failed passes")]
    public static partial void SequencerRuns(ILogger logger, int failures);
}
