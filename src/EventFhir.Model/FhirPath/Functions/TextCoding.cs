using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace EventFhir.Model.FhirPath.Functions;

/// <summary>encode(), decode(), escape() and unescape(), which came after N1. Unknown schemes and text that does not decode give empty.</summary>
internal static class TextCoding
{
    public static Function[] Functions { get; } =
    [
        Texts.Of("encode", 1, 1, (text, arguments) => Of(Encode(Encoding.UTF8.GetBytes(text), Texts.TextOf(arguments[0])))),
        Texts.Of("decode", 1, 1, (text, arguments) => Of(Decode(text, Texts.TextOf(arguments[0])))),
        Texts.Of("escape", 1, 1, (text, arguments) => Of(Escape(text, Texts.TextOf(arguments[0])))),
        Texts.Of("unescape", 1, 1, (text, arguments) => Of(Unescape(text, Texts.TextOf(arguments[0])))),
    ];

    private static FhirPathValue Of(string? text) => text is null ? default : FhirPathValue.Of(text);

    private static string? Encode(byte[] octets, string scheme) => scheme switch
    {
        "hex" => Convert.ToHexStringLower(octets),
        "base64" => Convert.ToBase64String(octets),
        "urlbase64" => Convert.ToBase64String(octets).Replace('+', '-').Replace('/', '_'),
        _ => null,
    };

    private static string? Decode(string text, string scheme)
    {
        try
        {
            return scheme switch
            {
                "hex" => Encoding.UTF8.GetString(Convert.FromHexString(text)),
                "base64" => Encoding.UTF8.GetString(Convert.FromBase64String(text)),
                "urlbase64" => Encoding.UTF8.GetString(Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/'))),
                _ => null,
            };
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static string? Escape(string text, string target) => target switch
    {
        "html" => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal).Replace("\"", "&quot;", StringComparison.Ordinal),
        "json" => JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString(),
        _ => null,
    };

    private static string? Unescape(string text, string target)
    {
        if (target == "html") return System.Net.WebUtility.HtmlDecode(text);
        if (target != "json") return null;
        try
        {
            return JsonSerializer.Deserialize<string>($"\"{text}\"");
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
