using System.Buffers.Text;
using System.Text;

namespace EventFhir.Model.Json;

/// <summary>Escapes in JSON strings (RFC 8259 section 7). Half of a surrogate pair is refused: it is no text.</summary>
internal static class JsonEscape
{
    /// <summary>The length of the escape that the text begins with, both halves of a surrogate pair together; 0 if there is none.</summary>
    public static int LengthOf(ReadOnlySpan<byte> text)
    {
        if (text.Length < 2) return 0;
        if (text[1] != 'u') return "\"\\/bfnrt"u8.Contains(text[1]) ? 2 : 0;
        if (!TryUnit(text, out var unit)) return 0;
        if (!char.IsSurrogate(unit)) return 6;
        return char.IsHighSurrogate(unit) && TryUnit(text[6..], out var low) && char.IsLowSurrogate(low) ? 12 : 0;
    }

    /// <summary>Writes the text without escapes, which takes no more bytes than with them.</summary>
    /// <param name="escaped">The content of a JSON string, known to be correct.</param>
    /// <returns>The number of bytes written.</returns>
    public static int Unescape(ReadOnlySpan<byte> escaped, Span<byte> target)
    {
        var written = 0;
        while (true)
        {
            var step = escaped.IndexOf((byte)'\\');
            var plain = step < 0 ? escaped : escaped[..step];
            plain.CopyTo(target[written..]);
            written += plain.Length;
            if (step < 0) return written;
            escaped = escaped[step..];
            if (escaped[1] == 'u')
            {
                TryUnit(escaped, out var unit);
                var length = char.IsSurrogate(unit) ? 12 : 6;
                var rune = length == 6 ? new Rune(unit) : new Rune(unit, TryUnit(escaped[6..], out var low) ? low : default);
                written += rune.EncodeToUtf8(target[written..]);
                escaped = escaped[length..];
            }
            else
            {
                target[written++] = Plain(escaped[1]);
                escaped = escaped[2..];
            }
        }
    }

    private static byte Plain(byte letter) => letter switch
    {
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        (byte)'n' => (byte)'\n',
        (byte)'r' => (byte)'\r',
        (byte)'t' => (byte)'\t',
        _ => letter,
    };

    private static bool TryUnit(ReadOnlySpan<byte> text, out char unit)
    {
        unit = default;
        if (text.Length < 6 || text[0] != '\\' || text[1] != 'u') return false;
        if (!Utf8Parser.TryParse(text.Slice(2, 4), out ushort value, out var consumed, 'x') || consumed != 4) return false;
        unit = (char)value;
        return true;
    }
}
