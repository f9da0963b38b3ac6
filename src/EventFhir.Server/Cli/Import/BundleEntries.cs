using System.Text.Json;

namespace EventFhir.Server.Cli.Import;

/// <summary>Cuts the resources out of a Bundle without parsing them: each is a slice of the Bundle's own text.</summary>
public static class BundleEntries
{
    private const string UuidPrefix = "urn:uuid:";
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 512 };

    /// <summary>
    /// The resources of a Bundle of type collection, batch or transaction; null if the text is anything else, which is then imported as it is.
    /// An entry without resource id gets that of its fullUrl, if it is a UUID. Text that is not JSON is left to the resource reader to refuse.
    /// </summary>
    public static IReadOnlyList<ImportRecord>? Cut(string source, ReadOnlyMemory<byte> json)
    {
        try
        {
            return IsUnpacked(json.Span) ? CutEntries(source, json) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool IsUnpacked(ReadOnlySpan<byte> text)
    {
        var json = new Utf8JsonReader(text, Options);
        var (isBundle, isUnpacked) = (false, false);
        while (json.Read())
        {
            if (json.TokenType is not JsonTokenType.PropertyName || json.CurrentDepth != 1) continue;
            var isType = json.ValueTextEquals("type"u8);
            var isResourceType = json.ValueTextEquals("resourceType"u8);
            json.Read();
            if (isResourceType) isBundle = json.TokenType is JsonTokenType.String && json.ValueTextEquals("Bundle"u8);
            if (isType)
                isUnpacked = json.TokenType is JsonTokenType.String
                    && (json.ValueTextEquals("collection"u8) || json.ValueTextEquals("batch"u8) || json.ValueTextEquals("transaction"u8));
            json.Skip();
        }
        return isBundle && isUnpacked;
    }

    private static List<ImportRecord> CutEntries(string source, ReadOnlyMemory<byte> text)
    {
        var records = new List<ImportRecord>();
        var json = new Utf8JsonReader(text.Span, Options);
        var (fullUrl, slice, inEntry) = ((string?)null, ReadOnlyMemory<byte>.Empty, false);
        while (json.Read())
        {
            if (json is { TokenType: JsonTokenType.PropertyName, CurrentDepth: 1 })
            {
                inEntry = json.ValueTextEquals("entry"u8);
            }
            else if (inEntry && json is { TokenType: JsonTokenType.PropertyName, CurrentDepth: 3 })
            {
                var isResource = json.ValueTextEquals("resource"u8);
                var isFullUrl = json.ValueTextEquals("fullUrl"u8);
                json.Read();
                var start = (int)json.TokenStartIndex;
                if (isFullUrl && json.TokenType is JsonTokenType.String) fullUrl = json.GetString();
                json.Skip();
                if (isResource) slice = text[start..(int)json.BytesConsumed];
            }
            else if (inEntry && json is { TokenType: JsonTokenType.EndObject, CurrentDepth: 2 })
            {
                var id = fullUrl is not null && fullUrl.StartsWith(UuidPrefix, StringComparison.Ordinal) ? fullUrl[UuidPrefix.Length..] : null;
                if (!slice.IsEmpty) records.Add(new ImportRecord(source, records.Count + 1, slice, id));
                (fullUrl, slice) = (null, ReadOnlyMemory<byte>.Empty);
            }
        }
        return records;
    }
}
