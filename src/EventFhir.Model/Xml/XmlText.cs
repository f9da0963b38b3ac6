using System.Buffers;

namespace EventFhir.Model.Xml;

/// <summary>
/// UTF-8 text on its way into XML. The few characters that JSON can hold and XML 1.0 cannot, controls and U+FFFE, U+FFFF, become U+FFFD.
/// </summary>
internal static class XmlText
{
    private static readonly SearchValues<byte> Controls = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Where(control => control is not ('\t' or '\n' or '\r')).Select(control => (byte)control), 0xEF]);

    // White space other than spaces would be spaces for the reader of an attribute.
    private static readonly SearchValues<byte> Special =
        SearchValues.Create([.. Enumerable.Range(0, 32).Select(control => (byte)control), 0xEF, .. "&<>\""u8]);

    /// <summary>True if XML can hold all of the characters.</summary>
    public static bool IsOfCharacters(ReadOnlySpan<byte> text)
    {
        for (var step = text.IndexOfAny(Controls); step >= 0; step = text.IndexOfAny(Controls))
        {
            text = text[step..];
            if (text[0] != 0xEF || IsNoCharacter(text)) return false;
            text = text[3..];
        }
        return true;
    }

    /// <summary>For an attribute in double quotes.</summary>
    public static void WriteEscaped(ReadOnlySpan<byte> text, IBufferWriter<byte> target) => Write(text, Special, target);

    /// <summary>For what is markup already.</summary>
    public static void WriteMarkup(ReadOnlySpan<byte> text, IBufferWriter<byte> target) => Write(text, Controls, target);

    private static void Write(ReadOnlySpan<byte> text, SearchValues<byte> special, IBufferWriter<byte> target)
    {
        while (true)
        {
            var step = text.IndexOfAny(special);
            if (step < 0) break;
            target.Write(text[..step]);
            text = text[step..];
            var length = text[0] == 0xEF ? 3 : 1;
            target.Write(text[0] switch
            {
                (byte)'&' => "&amp;"u8,
                (byte)'<' => "&lt;"u8,
                (byte)'>' => "&gt;"u8,
                (byte)'"' => "&quot;"u8,
                (byte)'\t' => "&#9;"u8,
                (byte)'\n' => "&#10;"u8,
                (byte)'\r' => "&#13;"u8,
                0xEF when !IsNoCharacter(text) => text[..3],
                _ => "\uFFFD"u8,
            });
            text = text[length..];
        }
        target.Write(text);
    }

    private static bool IsNoCharacter(ReadOnlySpan<byte> text) => text[1] == 0xBF && text[2] is 0xBE or 0xBF;
}
