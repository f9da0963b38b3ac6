using System.Net;

namespace EventFhir.Server.Rest;

/// <summary>Clients on the server's own machine: until callers can be told apart, some things are for these alone.</summary>
internal static class LocalClient
{
    /// <summary>Headers by which proxies say that a request is not their own.</summary>
    private static readonly string[] Forwarding = ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP"];

    /// <summary>The name asked for counts too: a page of another site can send a browser here by a name of its own.</summary>
    public static bool IsLocal(HttpContext http) =>
        http.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
        && (http.Request.Host.Host is "localhost" || (IPAddress.TryParse(http.Request.Host.Host, out var asked) && IPAddress.IsLoopback(asked)))
        && !Forwarding.Any(http.Request.Headers.ContainsKey);
}
