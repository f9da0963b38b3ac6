using System.Collections.Immutable;
using System.Net;

namespace EventFhir.Server.Rest;

/// <summary>
/// The IP address that a request comes from: that of the connection, or, where it is a proxy of ours, what the proxy says in X-Forwarded-For. What
/// anybody else writes there is not believed.
/// </summary>
/// <param name="proxies">The addresses of our proxies.</param>
public sealed class SourceAddress(ImmutableArray<IPAddress> proxies)
{
    private const string Forwarded = "X-Forwarded-For";

    /// <summary>Null where the connection has no address.</summary>
    public string? Of(HttpContext http)
    {
        if (http.Connection.RemoteIpAddress is not { } address) return null;
        address = Plain(address);
        if (!proxies.Contains(address)) return address.ToString();
        // Each proxy appends who it was asked by, so the last one that is no proxy is the client.
        var hops = http.Request.Headers[Forwarded].ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        for (var hop = hops.Length - 1; hop >= 0 && proxies.Contains(address); hop--)
        {
            if (!IPAddress.TryParse(hops[hop], out var before)) break;
            address = Plain(before);
        }
        return address.ToString();
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
