using System.Text;

namespace EventFhir.Benchmarks.Workloads;

/// <summary>Whole requests as bytes, with the few headers a FHIR client sends.</summary>
public static class Requests
{
    public static byte[] Post(string path, byte[] body) => Post(path, body, "");

    /// <param name="extra">Further header lines, each with its line break.</param>
    public static byte[] Post(string path, byte[] body, string extra) => [.. HeadWithBody("POST", path, body.Length, extra), .. body];

    public static byte[] Get(string path) => Get(path, "");

    /// <param name="extra">Further header lines, each with its line break.</param>
    public static byte[] Get(string path, string extra) =>
        Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/fhir+json\r\n{extra}\r\n");

    public static byte[] Delete(string path) =>
        Encoding.ASCII.GetBytes($"DELETE {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/fhir+json\r\n\r\n");

    /// <param name="extra">Further header lines, each with its line break.</param>
    public static byte[] HeadWithBody(string method, string path, int bodyLength, string extra) => Encoding.ASCII.GetBytes(
        $"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/fhir+json\r\n" +
        $"Content-Type: application/fhir+json\r\nContent-Length: {bodyLength}\r\n{extra}\r\n");
}
