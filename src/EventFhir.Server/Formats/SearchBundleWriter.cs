using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;

using EventFhir.Postgres.Reading;
using EventFhir.Postgres.Search;

namespace EventFhir.Server.Formats;

/// <summary>
/// Writes a searchset Bundle (R4 bundle.html#searchset) around the stored text of its entries, as <see cref="HistoryBundleWriter"/> does: the
/// parts are the frame and the stored bytes in turn.
/// </summary>
public static class SearchBundleWriter
{
    /// <param name="subset">What of each resource is sent.</param>
    public static ImmutableArray<ReadOnlyMemory<byte>> Write(string baseUrl, SearchPage page, SubsetWriter subset, IEnumerable<BundleLink> links)
    {
        var parts = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>();
        var encodedBase = JsonEncodedText.Encode(baseUrl, OutcomeWriter.Relaxed.Encoder).ToString();
        var frame = new StringBuilder(512);
        frame.Append("{\"resourceType\":\"Bundle\",\"type\":\"searchset\",");
        if (page.Total is { } total) frame.Append(CultureInfo.InvariantCulture, $"\"total\":{total},");
        frame.Append("\"link\":[").AppendJoin(',', links.Select(link =>
            $"{{\"relation\":\"{link.Relation}\",\"url\":\"{JsonEncodedText.Encode(link.Url, OutcomeWriter.Relaxed.Encoder)}\"}}")).Append(']');

        var isFirst = true;
        void Add(StoredVersion version, string? fragment, ReadOnlyMemory<byte> body, string mode, decimal? score)
        {
            frame.Append(isFirst ? ",\"entry\":[" : ",").Append("{\"fullUrl\":\"").Append(encodedBase).Append('/')
                .Append(version.Key.Type.Name).Append('/').Append(version.Key.Id.Value);
            // Ids have letters, digits, "-" and "." only.
            if (fragment is not null) frame.Append('#').Append(fragment);
            frame.Append("\",\"resource\":");
            isFirst = false;
            parts.Add(Cut(frame));
            parts.Add(body);
            frame.Append(",\"search\":{\"mode\":\"").Append(mode).Append('"');
            if (score is { } given) frame.Append(CultureInfo.InvariantCulture, $",\"score\":{given}");
            frame.Append("}}");
        }
        for (var place = 0; place < page.Matches.Length; place++)
            Add(page.Matches[place], fragment: null, subset.Write(page.Matches[place]), "match", page.Scores.IsEmpty ? null : page.Scores[place]);
        foreach (var match in page.Contained) Add(match.Container, match.Id, subset.Write(match.Type, match.Body), "match", score: null);
        foreach (var included in page.Included) Add(included, fragment: null, subset.Write(included), "include", score: null);
        frame.Append(isFirst ? "}" : "]}");
        parts.Add(Cut(frame));
        return parts.DrainToImmutable();
    }

    private static ReadOnlyMemory<byte> Cut(StringBuilder frame)
    {
        var bytes = Encoding.UTF8.GetBytes(frame.ToString());
        frame.Clear();
        return bytes;
    }
}
