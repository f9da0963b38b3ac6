using System.Globalization;
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

    private static string? Unescape(string text, string target) => target switch
    {
        "html" => System.Net.WebUtility.HtmlDecode(text),
        "json" => UnescapeJson(text),
        _ => null,
    };

    /// <summary>Resolves the escapes; what is not one, a bare quote for instance, stays.</summary>
    private static string UnescapeJson(string text)
    {
        var plain = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '\\' || ++at == text.Length) plain.Append(text[Math.Min(at, text.Length - 1)]);
            else if (text[at] == 'u' && at + 4 < text.Length
                && ushort.TryParse(text.AsSpan(at + 1, 4), NumberStyles.AllowHexSpecifier, null, out var code))
            {
                plain.Append((char)code);
                at += 4;
            }
            else plain.Append(text[at] switch { 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', var letter => letter });
        }
        return plain.ToString();
    }
}
