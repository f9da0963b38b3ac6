using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

using EventFhir.Postgres.Reading;
using EventFhir.Postgres.Search;

namespace EventFhir.Server.Formats;

/// <summary>
/// Writes a searchset Bundle (R4 bundle.html#searchset) around the stored text of its entries, as <see cref="HistoryBundleWriter"/> does: the
/// parts are the frame and the stored bytes in turn. Hot path, measured by bench search.
/// </summary>
public static class SearchBundleWriter
{
    /// <param name="subset">What of each resource is sent.</param>
    public static ImmutableArray<ReadOnlyMemory<byte>> Write(string baseUrl, SearchPage page, SubsetWriter subset, IReadOnlyList<BundleLink> links)
    {
        var entries = page.Matches.Length + page.Contained.Length + page.Included.Length;
        var frame = new Frame(baseUrl, links, entries);
        frame.Append("{\"resourceType\":\"Bundle\",\"type\":\"searchset\","u8);
        if (page.Total is { } total) frame.Append("\"total\":"u8).Append(total).Append(","u8);
        frame.Append("\"link\":["u8);
        for (var place = 0; place < links.Count; place++)
        {
            frame.Append(place == 0 ? "{\"relation\":\""u8 : ",{\"relation\":\""u8).Append(links[place].Relation).Append("\",\"url\":\""u8);
            frame.Append(JsonEncodedText.Encode(links[place].Url, OutcomeWriter.Relaxed.Encoder).EncodedUtf8Bytes).Append("\"}"u8);
        }
        frame.Append("]"u8);
        for (var place = 0; place < page.Matches.Length; place++)
        {
            var match = page.Matches[place];
            frame.AppendEntry(match, fragment: null, subset.Write(match), "match"u8, page.Scores.IsEmpty ? null : page.Scores[place]);
        }
        foreach (var match in page.Contained)
            frame.AppendEntry(match.Container, match.Id, subset.Write(match.Type, match.Body), "match"u8, score: null);
        foreach (var included in page.Included) frame.AppendEntry(included, fragment: null, subset.Write(included), "include"u8, score: null);
        return frame.Close();
    }

    /// <summary>What stands around the resources, as one run of bytes of which the parts are slices.</summary>
    private sealed class Frame
    {
        /// <summary>What an entry has beside its base URL and its resource, and the Bundle beside its entries and links; roughly.</summary>
        private const int EntryBytes = 160;

        private readonly ArrayBufferWriter<byte> bytes;
        private readonly ImmutableArray<ReadOnlyMemory<byte>>.Builder parts;
        private readonly JsonEncodedText encodedBase;
        private int cut;
        private bool hasEntry;

        public Frame(string baseUrl, IReadOnlyList<BundleLink> links, int entries)
        {
            var expected = EntryBytes + (entries * (baseUrl.Length + EntryBytes));
            for (var place = 0; place < links.Count; place++) expected += links[place].Url.Length + EntryBytes;
            bytes = new ArrayBufferWriter<byte>(expected);
            parts = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>((2 * entries) + 1);
            encodedBase = JsonEncodedText.Encode(baseUrl, OutcomeWriter.Relaxed.Encoder);
        }

        public Frame Append(ReadOnlySpan<byte> text)
        {
            bytes.Write(text);
            return this;
        }

        public Frame Append(string text)
        {
            Encoding.UTF8.GetBytes(text, bytes);
            return this;
        }

        public Frame Append(long number)
        {
            number.TryFormat(bytes.GetSpan(20), out var written, provider: System.Globalization.CultureInfo.InvariantCulture);
            bytes.Advance(written);
            return this;
        }

        /// <param name="fragment">Of a contained resource; ids have letters, digits, "-" and "." only.</param>
        public void AppendEntry(StoredVersion version, string? fragment, ReadOnlyMemory<byte> body, ReadOnlySpan<byte> mode, decimal? score)
        {
            Append(hasEntry ? ",{\"fullUrl\":\""u8 : ",\"entry\":[{\"fullUrl\":\""u8).Append(encodedBase.EncodedUtf8Bytes).Append("/"u8)
                .Append(version.Key.Type.Name).Append("/"u8).Append(version.Key.Id.Value);
            if (fragment is not null) Append("#"u8).Append(fragment);
            Append("\",\"resource\":"u8);
            hasEntry = true;
            Cut();
            parts.Add(body);
            Append(",\"search\":{\"mode\":\""u8).Append(mode).Append("\""u8);
            if (score is { } given) Append(FormattableString.Invariant($",\"score\":{given}"));
            Append("}}"u8);
        }

        public ImmutableArray<ReadOnlyMemory<byte>> Close()
        {
            Append(hasEntry ? "]}"u8 : "}"u8);
            Cut();
            return parts.DrainToImmutable();
        }

        private void Cut()
        {
            parts.Add(bytes.WrittenMemory[cut..]);
            cut = bytes.WrittenCount;
        }
    }
}
