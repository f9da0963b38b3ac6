using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;

using EventFhir.Postgres.Reading;

namespace EventFhir.Server.Formats;

/// <summary>A link of a Bundle: "self" or "next", and where it leads.</summary>
public readonly record struct BundleLink(string Relation, string Url);

/// <summary>
/// Writes a history Bundle (R4 http.html#history) around the stored text of its entries: the parts are the frame and the stored bytes in turn,
/// and meet only on the wire.
/// </summary>
public static class HistoryBundleWriter
{
    /// <param name="subset">What of each version is sent.</param>
    public static ImmutableArray<ReadOnlyMemory<byte>> Write(string baseUrl, HistoryPage page, SubsetWriter subset, IEnumerable<BundleLink> links)
    {
        var versions = page.Entries;
        var parts = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>(versions.Length * 2 + 1);
        var encodedBase = JsonEncodedText.Encode(baseUrl, OutcomeWriter.Relaxed.Encoder).ToString();
        var frame = new StringBuilder(512);
        AppendHead(frame, page.Total, links);
        for (var i = 0; i < versions.Length; i++)
        {
            var version = versions[i];
            var url = $"{version.Key.Type.Name}/{version.Key.Id.Value}";
            frame.Append(i == 0 ? ",\"entry\":[" : ",").Append("{\"fullUrl\":\"").Append(encodedBase).Append('/').Append(url).Append('"');
            if (!version.IsDeleted)
            {
                frame.Append(",\"resource\":");
                parts.Add(Cut(frame));
                parts.Add(subset.Write(version));
            }
            AppendOutcome(frame, version, url);
        }
        frame.Append(versions.Length > 0 ? "]}" : "}");
        parts.Add(Cut(frame));
        return parts.DrainToImmutable();
    }

    private static void AppendHead(StringBuilder frame, long? total, IEnumerable<BundleLink> links)
    {
        frame.Append("{\"resourceType\":\"Bundle\",\"type\":\"history\",");
        if (total is not null) frame.Append(CultureInfo.InvariantCulture, $"\"total\":{total},");
        frame.Append("\"link\":[");
        var separator = "";
        foreach (var (relation, url) in links)
        {
            frame.Append(separator).Append("{\"relation\":\"").Append(relation).Append("\",\"url\":\"")
                .Append(JsonEncodedText.Encode(url, OutcomeWriter.Relaxed.Encoder)).Append("\"}");
            separator = ",";
        }
        frame.Append(']');
    }

    private static void AppendOutcome(StringBuilder frame, StoredVersion version, string url)
    {
        var (method, status) = version.Kind switch
        {
            VersionKind.Created => ("POST", version.IsErased ? "410" : "201"),
            VersionKind.Deleted or VersionKind.Erased => ("DELETE", "204"),
            _ when version.IsErased => ("PUT", "410"),
            _ => ("PUT", version.IsNew ? "201" : "200"),
        };
        frame.Append(",\"request\":{\"method\":\"").Append(method)
            .Append("\",\"url\":\"").Append(version.Kind is VersionKind.Created ? version.Key.Type.Name : url)
            .Append("\"},\"response\":{\"status\":\"").Append(status)
            .Append("\",\"etag\":\"W/\\\"").Append(version.Version)
            .Append("\\\"\",\"lastModified\":\"").Append(FhirInstant.Write(version.LastUpdated))
            .Append("\"}}");
    }

    private static ReadOnlyMemory<byte> Cut(StringBuilder frame)
    {
        var bytes = Encoding.UTF8.GetBytes(frame.ToString());
        frame.Clear();
        return bytes;
    }
}
