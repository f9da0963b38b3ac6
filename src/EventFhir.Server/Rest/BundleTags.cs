using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;

using EventFhir.Core.Search.Indexing;
using EventFhir.Postgres.Reading;
using EventFhir.Postgres.Search;

namespace EventFhir.Server.Rest;

/// <summary>
/// The ETag of a Bundle that is found anew with each request: a hash of which versions it holds and what was asked for. It is weak, for links
/// to other pages, which hold the time of the request, do not count. Made for every search, so part is chained to part and nothing is written down.
/// </summary>
internal static class BundleTags
{
    private const long None = -1;

    /// <param name="self">The self link.</param>
    public static string Of(string self, SearchPage page)
    {
        var hash = With(With(0, self), page.Total ?? None, page.Next is null ? 0 : 1, page.Previous is null ? 0 : 1);
        hash = With(With(hash, page.Matches), page.Included);
        foreach (var contained in page.Contained)
            hash = With(With(With(hash, contained.Container), contained.Type.Number, 0, 0), contained.Id ?? "");
        return Of(hash);
    }

    /// <param name="question">What was asked for.</param>
    public static string Of(string question, HistoryPage page) =>
        Of(With(With(With(0, question), page.Total ?? None, page.Next is null ? 0 : 1, 0), page.Entries));

    private static string Of(long hash) => string.Create(CultureInfo.InvariantCulture, $"W/\"{hash:x16}\"");

    private static long With(long hash, ImmutableArray<StoredVersion> versions)
    {
        hash = With(hash, versions.Length, 0, 0);
        foreach (var version in versions) hash = With(hash, version);
        return hash;
    }

    /// <summary>A version never changes, but for its end: what is erased.</summary>
    private static long With(long hash, StoredVersion version) =>
        With(With(hash, version.Key.Id.Value), version.Key.Type.Number, version.Version, version.IsErased ? 1 : 0);

    private static long With(long hash, string text) => Hashing.With(hash, MemoryMarshal.AsBytes(text.AsSpan()));

    private static long With(long hash, long first, long second, long third) =>
        Hashing.With(hash, MemoryMarshal.AsBytes<long>([first, second, third]));
}
