using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

using EventFhir.Postgres.Reading;
using EventFhir.Postgres.Search;

namespace EventFhir.Server.Rest;

/// <summary>
/// The ETag of a Bundle that is found anew with each request: a hash of which versions it holds and what was asked for. It is weak, for links
/// to other pages, which hold the time of the request, do not count.
/// </summary>
internal static class BundleTags
{
    /// <param name="self">The self link.</param>
    public static string Of(string self, SearchPage page)
    {
        var text = new StringBuilder(1024).Append(self)
            .Append(CultureInfo.InvariantCulture, $"\n{page.Total}\n{page.Next is null}{page.Previous is null}");
        Append(text, page.Matches);
        Append(text, page.Included);
        foreach (var contained in page.Contained)
        {
            Append(text, contained.Container);
            text.Append('#').Append(contained.Type.Name).Append(contained.Id);
        }
        return Of(text);
    }

    /// <param name="question">What was asked for.</param>
    public static string Of(string question, HistoryPage page)
    {
        var text = new StringBuilder(1024).Append(question).Append(CultureInfo.InvariantCulture, $"\n{page.Total}\n{page.Next is null}");
        Append(text, page.Entries);
        return Of(text);
    }

    /// <summary>304 for a client that has the Bundle with this tag; else what makes it.</summary>
    public static Answer Answered(FhirRequest request, string tag, Func<ImmutableArray<ReadOnlyMemory<byte>>> write)
    {
        var isCurrentAtClient = request.Http.Request.Headers.IfNoneMatch.ToString().Contains(tag, StringComparison.Ordinal);
        return (isCurrentAtClient ? Answer.Empty(StatusCodes.Status304NotModified) : new Answer(200, write())) with { Tag = tag };
    }

    private static void Append(StringBuilder text, ImmutableArray<StoredVersion> versions)
    {
        text.Append('\n').Append(versions.Length);
        foreach (var version in versions) Append(text, version);
    }

    /// <summary>A version never changes, but for its end: what is erased.</summary>
    private static void Append(StringBuilder text, StoredVersion version) => text.Append(
        CultureInfo.InvariantCulture, $"\n{version.Key.Type.Number}/{version.Key.Id.Value}/{version.Version}/{version.IsErased}");

    private static string Of(StringBuilder text) =>
        $"W/\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 12))}\"";
}
