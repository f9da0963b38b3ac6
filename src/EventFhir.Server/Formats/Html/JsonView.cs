using System.Text;
using System.Text.Json;

namespace EventFhir.Server.Formats.Html;

/// <summary>JSON for people: indented, in colours, with references and links of this server to follow.</summary>
internal sealed class JsonView(HtmlText html, string baseUrl)
{
    private const int IndentWidth = 2;
    private const int StringCharactersMax = 4_000;

    public void Write(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = HtmlPage.DepthMax });
        var (property, isFirst) = ("", true);
        html.Raw("<pre>");
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    NewLine(reader.CurrentDepth, isFirst);
                    property = reader.GetString()!;
                    html.Raw("<span class=\"k\">\"").Text(property).Raw("\"</span>: ");
                    isFirst = true;
                    continue;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    if (property.Length == 0 && reader.CurrentDepth > 0) NewLine(reader.CurrentDepth, isFirst);
                    html.Raw(reader.TokenType is JsonTokenType.StartObject ? "{" : "[");
                    (property, isFirst) = ("", true);
                    continue;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    if (!isFirst) NewLine(reader.CurrentDepth, isFirst: true);
                    html.Raw(reader.TokenType is JsonTokenType.EndObject ? "}" : "]");
                    break;
                default:
                    if (property.Length == 0) NewLine(reader.CurrentDepth, isFirst);
                    Value(reader, property);
                    break;
            }
            (property, isFirst) = ("", false);
        }
        html.Raw("</pre>");
    }

    private void NewLine(int depth, bool isFirst) => html.Raw(isFirst ? "\n" : ",\n").Repeat(' ', depth * IndentWidth);

    private void Value(in Utf8JsonReader reader, string property)
    {
        var text = Encoding.UTF8.GetString(reader.ValueSpan);
        if (reader.TokenType is not JsonTokenType.String)
        {
            html.Raw(reader.TokenType is JsonTokenType.Number ? "<span class=\"n\">" : "<span class=\"l\">").Text(text).Raw("</span>");
            return;
        }
        html.Raw("<span class=\"s\">\"");
        if (LinkOf(property, text) is { } url) html.Link(url, text);
        else if (text.Length <= StringCharactersMax) html.Text(text);
        // Half of a surrogate pair would be no text.
        else html.Text(text[..(char.IsHighSurrogate(text[StringCharactersMax - 1]) ? StringCharactersMax - 1 : StringCharactersMax)]).Raw(" …");
        html.Raw("\"</span>");
    }

    private string? LinkOf(string property, string text)
    {
        if (text.Contains('\\', StringComparison.Ordinal)) return null;
        if (text.StartsWith(baseUrl + "/", StringComparison.Ordinal)) return text;
        return property == "reference" && text.IndexOf('/', StringComparison.Ordinal) > 0 && !text.Contains(':', StringComparison.Ordinal)
            ? $"{baseUrl}/{text}" : null;
    }
}
