using System.Text.Json;

namespace EventFhir.Server.Formats.Html;

/// <summary>
/// What a resource is about, in a few words, for a row in a table: its title, name or code, in whichever of the forms that the specification gives
/// these elements.
/// </summary>
internal static class ResourceTitle
{
    private const int CharactersMax = 80;

    private static readonly string[] Telling = ["title", "name", "code"];

    /// <summary>Null if nothing tells.</summary>
    public static string? Of(JsonElement resource)
    {
        foreach (var name in Telling)
            if (Text(resource, name) is { Length: > 0 } text) return Cut(text);
        return null;
    }

    private static string Cut(string text) => text.Length <= CharactersMax ? text : string.Concat(text.AsSpan(0, CharactersMax - 1), "…");

    private static string? Text(JsonElement resource, string name)
    {
        if (resource.ValueKind is not JsonValueKind.Object || !resource.TryGetProperty(name, out var value)) return null;
        if (value.ValueKind is JsonValueKind.Array) value = value.EnumerateArray().FirstOrDefault();
        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Object => value.TextOf("text") ?? NameOf(value) ?? DisplayOf(value),
            _ => null,
        };
    }

    /// <summary>Of a HumanName.</summary>
    private static string? NameOf(JsonElement name)
    {
        var given = HtmlPage.Items(name, "given")
            .Where(static part => part.ValueKind is JsonValueKind.String).Select(static part => part.GetString());
        var whole = $"{string.Join(' ', given)} {name.TextOf("family")}".Trim();
        return whole.Length > 0 ? whole : null;
    }

    /// <summary>Of a CodeableConcept.</summary>
    private static string? DisplayOf(JsonElement concept)
    {
        foreach (var coding in HtmlPage.Items(concept, "coding"))
            if ((coding.TextOf("display") ?? coding.TextOf("code")) is { } text) return text;
        return null;
    }
}
