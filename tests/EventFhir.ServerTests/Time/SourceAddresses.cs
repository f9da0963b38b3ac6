using System.Net;

using EventFhir.Server.Rest;

using Microsoft.AspNetCore.Http;

using Xunit;

namespace EventFhir.ServerTests.Time;

/// <summary>Where a change comes from: the connection, and what proxies of ours say of it.</summary>
public sealed class SourceAddresses
{
    [Theory]
    [InlineData("192.0.2.1", "", "192.0.2.1")]
    [InlineData("192.0.2.1", "198.51.100.7", "192.0.2.1")]
    [InlineData("10.0.0.5", "198.51.100.7", "198.51.100.7")]
    [InlineData("::ffff:10.0.0.5", "198.51.100.7", "198.51.100.7")]
    [InlineData("10.0.0.5", "203.0.113.9, 198.51.100.7, 10.0.0.6", "198.51.100.7")]
    [InlineData("10.0.0.5", "203.0.113.9, nonsense", "10.0.0.5")]
    [InlineData("10.0.0.5", "", "10.0.0.5")]
    [InlineData("10.0.0.5", "2001:db8::1", "2001:db8::1")]
    public void Only_a_proxy_of_ours_is_believed(string connection, string forwarded, string expected)
    {
        var http = new DefaultHttpContext();
        http.Connection.RemoteIpAddress = IPAddress.Parse(connection);
        http.Request.Headers["X-Forwarded-For"] = forwarded;
        Assert.Equal(expected, new SourceAddress([IPAddress.Parse("10.0.0.5"), IPAddress.Parse("10.0.0.6")]).Of(http));
    }
}
