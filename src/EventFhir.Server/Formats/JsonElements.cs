using System.Text.Json;

namespace EventFhir.Server.Formats;

/// <summary>Looks into JSON that need not be what is expected of it.</summary>
internal static class JsonElements
{
    /// <summary>The string that a member holds; null if it holds none, or the element is no object.</summary>
    public static string? TextOf(this JsonElement element, string name) =>
        element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String
            ? value.GetString()
            : null;
}
