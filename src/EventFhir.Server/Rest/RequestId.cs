using System.Diagnostics;

using EventFhir.Core.Events;

namespace EventFhir.Server.Rest;

/// <summary>
/// The id under which a request is found in logs, traces and the event log: the client's X-Request-Id if it is a FHIR id, else the trace id,
/// else a new one. It goes out as X-Request-Id and as OperationOutcome.id.
/// </summary>
public static class RequestId
{
    public const string Header = "X-Request-Id";
    private static readonly object Key = new();

    public static string Of(HttpContext http)
    {
        if (http.Items.TryGetValue(Key, out var known)) return (string)known!;
        var asked = http.Request.Headers[Header].ToString();
        var id = ResourceId.TryParse(asked, out _) ? asked : Activity.Current?.TraceId.ToHexString() ?? Guid.NewGuid().ToString("N");
        http.Items[Key] = id;
        return id;
    }
}
