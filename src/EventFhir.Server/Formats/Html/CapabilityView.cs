using System.Text.Json;

namespace EventFhir.Server.Formats.Html;

/// <summary>What the server can do, type by type: a place to begin from.</summary>
internal static class CapabilityView
{
    public static void Write(HtmlText html, JsonElement statement, string baseUrl)
    {
        html.Raw("<p class=\"meta\">FHIR ").Text(statement.TextOf("fhirVersion")).Raw("</p><p>")
            .Link(baseUrl + "/_history", "what has happened").Raw("</p>");
        html.Raw("<table><tr><th>type</th><th>interactions</th><th>search parameters</th></tr>");
        foreach (var rest in HtmlPage.Items(statement, "rest"))
            foreach (var resource in HtmlPage.Items(rest, "resource"))
                if (resource.TextOf("type") is { } type) Row(html, resource, type, baseUrl);
        html.Raw("</table>");
    }

    private static void Row(HtmlText html, JsonElement resource, string type, string baseUrl)
    {
        html.Raw("<tr><td>").Link($"{baseUrl}/{type}", type).Raw("</td><td>");
        foreach (var interaction in HtmlPage.Items(resource, "interaction")) html.Text(interaction.TextOf("code")).Raw(" ");
        html.Raw("</td><td>");
        foreach (var parameter in HtmlPage.Items(resource, "searchParam")) html.Text(parameter.TextOf("name")).Raw(" ");
        html.Raw("</td></tr>");
    }
}
