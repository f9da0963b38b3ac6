namespace EventFhir.Model.Json;

/// <summary>The grammar of numbers (RFC 8259 section 6).</summary>
internal static class JsonNumber
{
    /// <summary>The length of the number that the text begins with; 0 if it does not begin with one.</summary>
    public static int LengthOf(ReadOnlySpan<byte> text)
    {
        var at = text.Length > 0 && text[0] == '-' ? 1 : 0;
        var digits = Digits(text, at);
        if (digits == 0 || (digits > 1 && text[at] == '0')) return 0;
        at += digits;
        if (at < text.Length && text[at] == '.')
        {
            digits = Digits(text, at + 1);
            if (digits == 0) return 0;
            at += digits + 1;
        }
        if (at < text.Length && text[at] is ((byte)'e' or (byte)'E'))
        {
            var sign = at + 1 < text.Length && text[at + 1] is ((byte)'+' or (byte)'-') ? 1 : 0;
            digits = Digits(text, at + 1 + sign);
            if (digits == 0) return 0;
            at += 1 + sign + digits;
        }
        return at;
    }

    private static int Digits(ReadOnlySpan<byte> text, int from)
    {
        var at = from;
        while ((uint)at < (uint)text.Length && (uint)(text[at] - '0') <= 9) at++;
        return at - from;
    }
}
