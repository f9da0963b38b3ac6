using System.Collections.Immutable;

namespace EventFhir.Core.Bundles;

/// <summary>The URL of an entry's request, below the base.</summary>
/// <param name="Segments">Between slashes, decoded.</param>
/// <param name="Query">Without its question mark, as it was sent; empty if there is none.</param>
public readonly record struct EntryUrl(ImmutableArray<string> Segments, string Query)
{
    /// <param name="url">Relative to the base, or absolute below it.</param>
    /// <param name="baseUrl">Of this server, without a slash at the end.</param>
    public static EntryUrl Of(string url, string baseUrl)
    {
        if (url.StartsWith(baseUrl, StringComparison.Ordinal) && url.Length > baseUrl.Length && url[baseUrl.Length] is '/' or '?')
            url = url[baseUrl.Length..];
        var question = url.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? url : url[..question];
        return new EntryUrl(
            [.. path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString)],
            question < 0 ? "" : url[(question + 1)..]);
    }
}
