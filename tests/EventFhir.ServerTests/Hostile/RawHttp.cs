using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace EventFhir.ServerTests.Hostile;

/// <summary>Sends request targets and bodies byte for byte, where a well-behaved client would refuse or mend them.</summary>
internal sealed class RawHttp(Uri server)
{
    /// <summary>So that a server that never answers fails the test rather than hold it up; the server's own limit is 30 s.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <returns>The status and the whole answer; 0 if the connection ended without one.</returns>
    public async Task<(int Status, string Answer)> SendAsync(HostileRequest request)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, patience.Token);
        await using var stream = client.GetStream();
        using var answer = new MemoryStream();
        try
        {
            await stream.WriteAsync(Head(request), patience.Token);
            await stream.WriteAsync(request.Body, patience.Token);
            await stream.CopyToAsync(answer, patience.Token);
        }
        catch (IOException)
        {
            // A server that has seen enough answers and closes; what it said before counts.
        }
        var text = Encoding.UTF8.GetString(answer.ToArray());
        var status = text.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? int.Parse(text.AsSpan(9, 3), CultureInfo.InvariantCulture) : 0;
        return (status, text);
    }

    private byte[] Head(HostileRequest request)
    {
        using var head = new MemoryStream();
        void Write(string text) => head.Write(Encoding.UTF8.GetBytes(text));
        Write(request.Body.Length > 0 ? "POST " : "GET ");
        head.Write(request.Target);
        Write($" HTTP/1.1\r\nHost: {server.Authority}\r\nConnection: close\r\nAccept: application/fhir+json\r\nPrefer: {request.Prefer}\r\n");
        if (request.Body.Length > 0)
            Write($"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {request.Body.Length}\r\n");
        Write("\r\n");
        return head.ToArray();
    }
}

/// <param name="Target">The request target, from the first slash.</param>
/// <param name="Body">The form of a POST; empty for a GET.</param>
internal sealed record HostileRequest(string Kind, byte[] Target, byte[] Body)
{
    public string Prefer { get; init; } = "";

    public override string ToString()
    {
        var text = Encoding.Latin1.GetString(Body.Length > 0 ? [.. Target, (byte)' ', .. Body] : Target);
        return $"{Kind}: {(Body.Length > 0 ? "POST" : "GET")} {(text.Length > 300 ? text[..300] + "…" : text)}";
    }
}
