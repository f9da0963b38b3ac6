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

    [LoggerMessage(1041, LogLevel.Warning, "A search parameter that was just stored is taken up later: {Reason}")]
    public static partial void ParametersNotTakenUp(ILogger logger, string reason);

    [LoggerMessage(1051, LogLevel.Warning, "{Work}: it failed, and is tried again: {Reason}")]
    public static partial void BackgroundWorkFailed(ILogger logger, string work, string reason);

    [LoggerMessage(1052, LogLevel.Information, "{Work}: it goes on, after {Failures} failures")]
    public static partial void BackgroundWorkGoesOn(ILogger logger, string work, int failures);

    [LoggerMessage(1061, LogLevel.Information, "Rebuilt {Projection}: {Count} in {Seconds} s")]
    public static partial void Rebuilt(ILogger logger, string projection, long count, double seconds);

    [LoggerMessage(1062, LogLevel.Error, "The rebuild of {Projection} failed; what was there stays in use: {Reason}")]
    public static partial void RebuildFailed(ILogger logger, string projection, string reason);
}
