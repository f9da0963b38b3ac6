namespace EventFhir.Core.Search;

/// <summary>URIs as hierarchies, for :above and :below: a URI lies below another if it continues it after a "/" (R4 search.html#uri).</summary>
public static class UriPath
{
    /// <summary>A slash at the end says nothing about what lies below.</summary>
    public static string Trim(string uri) => uri.TrimEnd('/');

    /// <summary>The URI and every one above it up to the authority, each with and without a slash at the end.</summary>
    public static IEnumerable<string> SelfAndAbove(string uri)
    {
        yield return uri;
        var authority = uri.IndexOf("://", StringComparison.Ordinal) is > 0 and var scheme ? scheme + 3 : 0;
        for (var slash = uri.LastIndexOf('/'); slash > authority; slash = uri.LastIndexOf('/', slash - 1))
        {
            yield return uri[..slash];
            if (slash < uri.Length - 1) yield return uri[..(slash + 1)];
        }
    }

    /// <summary>True if the URI is the other one or lies below it.</summary>
    public static bool IsAtOrBelow(string uri, string other)
    {
        var above = Trim(other);
        return uri.StartsWith(above, StringComparison.Ordinal) && (uri.Length == above.Length || uri[above.Length] == '/');
    }
}
