using System.Diagnostics;

using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Model;

namespace EventFhir.Server.Rest;

/// <summary>Who asks for a change, through what, why and from where, as the headers of its request say it (docs/time-travel.md).</summary>
public sealed class RequestProvenance(SourceAddress addresses)
{
    private const string Reason = "X-Provenance-Reason";
    private const string Client = "User-Agent";
    private const int ClientLengthMax = 200;

    public Outcome<Provenance> Read(HttpContext http)
    {
        var headers = http.Request.Headers;
        var provenance = new Provenance(
            Actor: null, Text(http, Client, ClientLengthMax), Text(http, Reason, Limits.ProvenanceTextMax), RequestId.Of(http))
        {
            SourceAddress = addresses.Of(http),
            Trace = ActivityContext.TryParse(headers.TraceParent, traceState: null, out var context) ? context.TraceId.ToHexString() : null,
        };
        return headers.TryGetValue(ProvenanceHeader.Name, out var header)
            ? ProvenanceHeader.Read(header.ToString(), provenance)
            : provenance;
    }

    /// <summary>Without line breaks, cut to what the log keeps; null if absent.</summary>
    private static string? Text(HttpContext http, string name, int lengthMax)
    {
        var value = http.Request.Headers[name].ToString();
        if (value.Length == 0) return null;
        if (value.Length <= lengthMax) return value;
        // Half of a surrogate pair is no text, and the database would refuse the whole group of writes.
        return char.IsHighSurrogate(value[lengthMax - 1]) ? value[..(lengthMax - 1)] : value[..lengthMax];
    }
}
