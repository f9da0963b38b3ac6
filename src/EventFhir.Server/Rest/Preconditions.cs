using EventFhir.Core;
using EventFhir.Core.Events;

namespace EventFhir.Server.Rest;

/// <summary>Conditions in request headers (R4 http.html#concurrency, #conditional-read; RFC 9110, 13.1).</summary>
public static class Preconditions
{
    /// <summary>The criteria of a conditional create (R4 http.html#ccreate).</summary>
    public const string IfNoneExist = "If-None-Exist";

    /// <summary>What If-Match or If-None-Match demand of a write.</summary>
    public static (Precondition Precondition, Refusal? Refusal) OfWrite(IHeaderDictionary headers)
    {
        var ifMatch = headers.IfMatch.ToString();
        var ifNoneMatch = headers.IfNoneMatch.ToString();
        // A header that is there but empty is malformed: to take it for no condition would overwrite what the client wants to protect.
        if (headers.IfMatch.Count > 0)
            return EntityTags.TryParse(ifMatch, out var tags) && headers.IfNoneMatch.Count == 0
                ? (tags.IsAny ? new Precondition.Present() : new Precondition.AnyOf(tags.Versions), null)
                : Malformed("If-Match takes \"*\" or entity tags such as W/\"3\", and no If-None-Match beside it.");
        if (headers.IfNoneMatch.Count > 0)
            return ifNoneMatch.Trim() is "*"
                ? (new Precondition.Absent(), null)
                : Malformed("On a write, If-None-Match takes \"*\" only.");
        return headers.ContainsKey(IfNoneExist)
            ? Malformed("If-None-Exist is for a create, without If-Match or If-None-Match beside it.")
            : (Precondition.None, null);
    }

    /// <summary>Whether the client has this version already: If-None-Match, or without it If-Modified-Since.</summary>
    public static bool HasCurrent(IHeaderDictionary headers, long version, DateTimeOffset lastUpdated)
    {
        var ifNoneMatch = headers.IfNoneMatch.ToString();
        if (ifNoneMatch.Length > 0) return EntityTags.TryParse(ifNoneMatch, out var tags) && tags.Contains(version);
        var ifModifiedSince = headers.IfModifiedSince.ToString();
        // Last-Modified has whole seconds, so the milliseconds of the version do not count.
        return ifModifiedSince.Length > 0
            && DateTimeOffset.TryParse(ifModifiedSince, System.Globalization.CultureInfo.InvariantCulture, out var since)
            && lastUpdated.ToUnixTimeSeconds() <= since.ToUnixTimeSeconds();
    }

    private static (Precondition, Refusal?) Malformed(string diagnostics) =>
        (Precondition.None, Refusal.Of(RefusalKind.BadRequest, "value", diagnostics));
}
