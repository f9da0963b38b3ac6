using System.Text.Json;

using EventFhir.Model;

namespace EventFhir.Core.Bundles;

/// <summary>What is needed of a resource before it is read.</summary>
internal static class EntryResource
{
    /// <summary>The id of a resource, whatever it is; null if it has none.</summary>
    public static string? IdOf(ReadOnlySpan<byte> utf8)
    {
        // Its depth has been checked.
        var json = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = 2 * Limits.DepthMax });
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
}
