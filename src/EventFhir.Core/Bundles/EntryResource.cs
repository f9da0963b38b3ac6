using System.Text.Json;

using EventFhir.Model;

namespace EventFhir.Core.Bundles;

/// <summary>What is needed of a resource before it is read.</summary>
public static class EntryResource
{
    /// <summary>The depth has been checked.</summary>
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 2 * Limits.DepthMax };

    /// <summary>The id of a resource, whatever it is; null if it has none.</summary>
    public static string? IdOf(ReadOnlySpan<byte> utf8)
    {
        var json = new Utf8JsonReader(utf8, Options);
        json.Read();
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            var isId = json.ValueTextEquals("id"u8);
            json.Read();
            if (isId) return json.TokenType is JsonTokenType.String ? json.GetString() : "";
            json.Skip();
        }
        return null;
    }

    /// <summary>The content of a Binary, as which a patch that is no resource is sent (R4 http.html#patch); null if it is any other resource, or
    /// has no content.</summary>
    public static (string ContentType, byte[] Data)? BinaryOf(ReadOnlySpan<byte> utf8)
    {
        var json = new Utf8JsonReader(utf8, Options);
        json.Read();
        var (isBinary, contentType, data) = (false, (string?)null, (byte[]?)null);
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            var name = json.GetString();
            json.Read();
            if (json.TokenType is not JsonTokenType.String) json.Skip();
            else if (name is "resourceType") isBinary = json.ValueTextEquals("Binary"u8);
            else if (name is "contentType") contentType = json.GetString();
            else if (name is "data" && json.TryGetBytesFromBase64(out var bytes)) data = bytes;
        }
        return isBinary && contentType is not null && data is not null ? (contentType, data) : null;
    }
}
