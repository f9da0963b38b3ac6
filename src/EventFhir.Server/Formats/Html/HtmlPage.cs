using System.Collections.Immutable;
using System.Text.Json;

namespace EventFhir.Server.Formats.Html;

/// <summary>Where a page is and where its links lead.</summary>
/// <param name="BaseUrl">Without a slash at the end.</param>
/// <param name="Path">Below the base, with a slash before it.</param>
/// <param name="Query">Without _format; empty, or with its question mark.</param>
public sealed record HtmlPlace(string BaseUrl, string Path, string Query)
{
    public string As(string format) => $"{BaseUrl}{Path}{(Query.Length > 0 ? Query + "&" : "?")}_format={format}";
}

/// <summary>
/// A resource as a page for people who look at it with a browser: its narrative, what a Bundle or an OperationOutcome holds as a table, and the
/// JSON with links to follow. It needs no script, and all that is data is escaped.
/// </summary>
public static class HtmlPage
{
    public const string ContentType = "text/html; charset=utf-8";

    /// <summary>Deeper than any resource in a Bundle.</summary>
    internal const int DepthMax = 128;

    /// <summary>A browser would take long over more; the JSON itself is a link away.</summary>
    private const int JsonBytesMax = 2 * 1024 * 1024;

    public static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> json, HtmlPlace place)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = DepthMax });
        var resource = document.RootElement;
        var (type, id, html) = (resource.TextOf("resourceType"), resource.TextOf("id"), new HtmlText());
        var title = id is null || type is "OperationOutcome" ? type : $"{type}/{id}";
        html.Raw("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
            .Raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>").Text(title)
            .Raw("</title><style>").Raw(HtmlStyle.Sheet).Raw("</style></head><body>");
        Navigation(html, place, type, id);
        html.Raw("<h1>").Text(title).Raw("</h1>");
        if (resource.TryGetProperty("meta"u8, out var meta) && meta.TextOf("versionId") is { } version)
            html.Raw("<p class=\"meta\">version ").Text(version).Raw(", ").Text(meta.TextOf("lastUpdated")).Raw("</p>");
        if (type is "Bundle") BundleView.Write(html, resource, place.BaseUrl);
        if (type is "OperationOutcome") Outcome(html, resource);
        if (type is "CapabilityStatement" && place.Path is "/metadata") CapabilityView.Write(html, resource, place.BaseUrl);
        if (resource.TryGetProperty("text"u8, out var text) && text.ValueKind is JsonValueKind.Object && text.TextOf("div") is { } narrative)
        {
            html.Raw("<div class=\"narrative\">");
            NarrativeView.Write(html, narrative, place.BaseUrl);
            html.Raw("</div>");
        }
        if (json.Length <= JsonBytesMax) new JsonView(html, place.BaseUrl).Write(json.Span);
        else html.Raw("<p>This is too long to be shown here: ").Link(place.As("json"), "JSON").Raw("</p>");
        return html.Raw("</body></html>\n").ToUtf8();
    }

    private static void Navigation(HtmlText html, HtmlPlace place, string? type, string? id)
    {
        html.Raw("<nav>").Link($"{place.BaseUrl}/metadata", "EventFhir");
        var segments = place.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (segments is [var asked, ..] && char.IsAsciiLetterUpper(asked[0])) html.Raw(" ").Link($"{place.BaseUrl}/{asked}", $"all {asked}");
        if (segments is [var own, var known, ..] && id is not null && own == type && known == id)
            html.Raw(" ").Link($"{place.BaseUrl}/{own}/{known}/_history", "history");
        else if (segments is [var owner, var key, "_history"])
            html.Raw(" ").Link($"{place.BaseUrl}/{owner}/{key}", $"{owner}/{key}");
        html.Raw(" ").Link(place.As("json"), "JSON").Raw(" ").Link(place.As("xml"), "XML").Raw("</nav>");
    }

    private static void Outcome(HtmlText html, JsonElement outcome)
    {
        html.Raw("<table><tr><th>severity</th><th>what is wrong</th><th>where</th></tr>");
        foreach (var issue in Items(outcome, "issue"))
        {
            var severity = issue.TextOf("severity");
            html.Raw("<tr><td class=\"").Text(severity).Raw("\">").Text(severity).Raw("</td><td>").Text(issue.TextOf("diagnostics")).Raw("</td><td>");
            foreach (var expression in Items(issue, "expression")) html.Text(expression.GetString()).Raw(" ");
            html.Raw("</td></tr>");
        }
        html.Raw("</table>");
    }

    internal static ImmutableArray<JsonElement> Items(JsonElement element, string name) =>
        element.TryGetProperty(name, out var items) && items.ValueKind is JsonValueKind.Array ? [.. items.EnumerateArray()] : [];
}
