using System.Text.Json;

namespace EventFhir.Server.Formats.Html;

/// <summary>What a Bundle holds: its pages as links, its entries as a table.</summary>
internal static class BundleView
{
    public static void Write(HtmlText html, JsonElement bundle, string baseUrl)
    {
        html.Raw("<p class=\"meta\">").Text(bundle.TextOf("type"));
        if (bundle.TryGetProperty("total"u8, out var total)) html.Raw(", ").Text(total.GetRawText()).Raw(" in total");
        html.Raw("</p><p>");
        foreach (var link in HtmlPage.Items(bundle, "link"))
            if (link.TextOf("url") is { } url && url.StartsWith(baseUrl, StringComparison.Ordinal))
                html.Link(url, link.TextOf("relation") ?? "").Raw(" ");
        html.Raw("</p>");
        if (HtmlPage.Items(bundle, "entry").IsEmpty) return;
        html.Raw("<table><tr><th></th><th></th><th>version</th><th>last updated</th><th></th></tr>");
        foreach (var entry in HtmlPage.Items(bundle, "entry")) Entry(html, entry, baseUrl);
        html.Raw("</table>");
    }

    private static void Entry(HtmlText html, JsonElement entry, string baseUrl)
    {
        var resource = entry.TryGetProperty("resource"u8, out var held) ? held : default;
        var request = entry.TryGetProperty("request"u8, out var asked) ? asked : default;
        var meta = resource.ValueKind is JsonValueKind.Object && resource.TryGetProperty("meta"u8, out var stated) ? stated : default;
        var response = entry.TryGetProperty("response"u8, out var answered) ? answered : default;
        var (url, version) = (entry.TextOf("fullUrl") ?? response.TextOf("location"), meta.TextOf("versionId"));
        // Entries of a history are the versions themselves.
        var isVersion = request.ValueKind is JsonValueKind.Object && version is not null;
        html.Raw("<tr><td>");
        if (url is not null && url.StartsWith(baseUrl + "/", StringComparison.Ordinal))
            html.Link(isVersion ? $"{url}/_history/{version}" : url, url[(baseUrl.Length + 1)..]);
        else
            html.Text(url ?? resource.TextOf("resourceType"));
        html.Raw("</td><td>").Text(ResourceTitle.Of(resource));
        html.Raw("</td><td>").Text(version).Raw("</td><td>").Text(meta.TextOf("lastUpdated")).Raw("</td><td>")
            .Text(request.TextOf("method"))
            .Text(entry.TryGetProperty("search"u8, out var search) ? search.TextOf("mode") : null)
            .Raw(request.ValueKind is JsonValueKind.Object ? " " : "").Text(response.TextOf("status")).Raw("</td></tr>");
    }
}
