using System.Data.Common;

namespace EventFhir.Postgres.Following;

/// <summary>What is told of an exception, and whether it says something about the work or only about the database's being there.</summary>
public static class FailureReason
{
    /// <summary>The message of the database is left out: it may quote what is stored.</summary>
    public static string Of(Exception exception) =>
        (exception as DbException)?.SqlState ?? (exception as InvalidDataException)?.Message ?? exception.GetType().Name;

    /// <summary>The database is away, restarts, or asks to try again: the same work may well succeed later.</summary>
    public static bool IsOutage(Exception exception) =>
        exception is DbException { IsTransient: true } or DbException { SqlState: null } or TimeoutException or IOException;
}
