using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics;
using System.Text;

using EventFhir.Model.Definitions;

namespace EventFhir.Model.Validation;

/// <summary>
/// The syntax of the values of every primitive type (R4 datatypes.html#primitive), by hand-written parsers: nothing a value can do makes them slow.
/// </summary>
internal static class PrimitiveSyntax
{
    private static readonly SearchValues<byte> IdCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-."u8);

    private static readonly SearchValues<byte> Controls =
        SearchValues.Create([.. Enumerable.Range(0, 32).Where(control => control is not ('\t' or '\n' or '\r')).Select(control => (byte)control)]);

    private static readonly SearchValues<byte> AsciiSpace = SearchValues.Create([.. Enumerable.Range(0, 33).Select(control => (byte)control)]);

    /// <summary>What a correct value looks like, if this is none; null if it is one.</summary>
    /// <param name="value">The value as UTF-8, without JSON escapes. Booleans and numbers are JSON tokens already.</param>
    public static string? Fault(PrimitiveKind kind, ReadOnlySpan<byte> value) => kind switch
    {
        PrimitiveKind.Boolean => null,
        PrimitiveKind.Xhtml => NarrativeSyntax.Fault(value),
        PrimitiveKind.String or PrimitiveKind.Markdown => TextFault(value),
        _ => IsValue(kind, value) ? null : Description(kind),
    };

    private static bool IsValue(PrimitiveKind kind, ReadOnlySpan<byte> value) => kind switch
    {
        PrimitiveKind.Integer => IsInteger(value, int.MinValue),
        PrimitiveKind.UnsignedInt => IsInteger(value, 0),
        PrimitiveKind.PositiveInt => IsInteger(value, 1),
        PrimitiveKind.Integer64 => IsInteger64(value),
        PrimitiveKind.Decimal => IsDecimal(value),
        PrimitiveKind.Date => DateSyntax.IsDate(value),
        PrimitiveKind.DateTime => DateSyntax.IsDateTime(value),
        PrimitiveKind.Instant => DateSyntax.IsInstant(value),
        PrimitiveKind.Time => DateSyntax.IsTime(value),
        PrimitiveKind.Code => IsCode(value),
        PrimitiveKind.Id => IsId(value),
        PrimitiveKind.Oid => IsOid(value),
        PrimitiveKind.Uuid => IsUuid(value),
        PrimitiveKind.Uri or PrimitiveKind.Url or PrimitiveKind.Canonical => IsUri(value),
        PrimitiveKind.Base64Binary => IsBase64(value),
        _ => throw new UnreachableException($"The primitive type {kind} has no syntax."),
    };

    private static string Description(PrimitiveKind kind) => kind switch
    {
        PrimitiveKind.Integer => "An integer is a whole number of 32 bits, without fraction and exponent.",
        PrimitiveKind.UnsignedInt => "An unsignedInt is a whole number between 0 and 2147483647, without fraction and exponent.",
        PrimitiveKind.PositiveInt => "A positiveInt is a whole number between 1 and 2147483647, without fraction and exponent.",
        PrimitiveKind.Integer64 => "An integer64 is a whole number of 64 bits.",
        PrimitiveKind.Decimal => $"A decimal has at most {Limits.DecimalDigitsMax} digits and an exponent within {Limits.DecimalExponentMax} here.",
        PrimitiveKind.Date => "A date is YYYY, YYYY-MM or YYYY-MM-DD, and exists in the calendar.",
        PrimitiveKind.DateTime => "A dateTime is YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+zz:zz, and exists in the calendar.",
        PrimitiveKind.Instant => "An instant is YYYY-MM-DDThh:mm:ss.sss+zz:zz, and exists in the calendar.",
        PrimitiveKind.Time => "A time is hh:mm:ss, without zone.",
        PrimitiveKind.Code => "A code has no white space but single spaces inside.",
        PrimitiveKind.Id => "An id has 1 to 64 letters, digits, \"-\" and \".\".",
        PrimitiveKind.Oid => "An oid is urn:oid: and numbers with dots between them, the first 0, 1 or 2.",
        PrimitiveKind.Uuid => "A uuid is urn:uuid: and 32 lower-case hexadecimal digits in five groups.",
        PrimitiveKind.Base64Binary => "This is no base64 with its padding.",
        _ => "A URI is not empty and has no white space.",
    };

    private static string? TextFault(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty) return "A string is never empty; leave the property out.";
        if (value.ContainsAny(Controls)) return "A string holds no control characters but tab, line feed and carriage return.";
        if (value.Length > Limits.StringCharactersMax && CharactersIn(value) > Limits.StringCharactersMax)
            return $"A string has at most {Limits.StringCharactersMax} characters.";
        return null;
    }

    public static bool IsId(ReadOnlySpan<byte> value) => value.Length is > 0 and <= 64 && !value.ContainsAnyExcept(IdCharacters);

    /// <summary>Not empty, no white space (Unicode's included).</summary>
    public static bool IsUri(ReadOnlySpan<byte> value) =>
        !value.IsEmpty && !value.ContainsAny(AsciiSpace) && (Ascii.IsValid(value) || !HasUnicodeSpace(value));

    private static bool IsInteger(ReadOnlySpan<byte> value, int min) =>
        Utf8Parser.TryParse(value, out int number, out var consumed) && consumed == value.Length && number >= min && !IsMinusZero(value);

    private static bool IsInteger64(ReadOnlySpan<byte> value) =>
        Utf8Parser.TryParse(value, out long _, out var consumed) && consumed == value.Length && !IsMinusZero(value)
        && value[0] != '+' && (value.Length == 1 || value[value[0] == '-' ? 1 : 0] != '0');

    private static bool IsMinusZero(ReadOnlySpan<byte> value) => value is [(byte)'-', (byte)'0', ..];

    private static bool IsDecimal(ReadOnlySpan<byte> value)
    {
        var exponent = value.IndexOfAny((byte)'e', (byte)'E');
        if (exponent < 0) return value.Length <= Limits.DecimalDigitsMax;
        return exponent <= Limits.DecimalDigitsMax && IsExponent(value[(exponent + 1)..]);
    }

    private static bool IsExponent(ReadOnlySpan<byte> value)
    {
        if (value[0] == '+') value = value[1..];
        return Utf8Parser.TryParse(value, out int exponent, out _) && Math.Abs((long)exponent) <= Limits.DecimalExponentMax;
    }

    private static bool IsCode(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty) return false;
        if (value.ContainsAny(AsciiSpace))
        {
            if (value[0] == ' ' || value[^1] == ' ' || value.IndexOf("  "u8) >= 0) return false;
            foreach (var octet in value)
                if (octet < ' ') return false;
        }
        return Ascii.IsValid(value) || !HasUnicodeSpace(value);
    }

    private static bool IsOid(ReadOnlySpan<byte> value)
    {
        if (!value.StartsWith("urn:oid:"u8)) return false;
        value = value["urn:oid:".Length..];
        if (value.Length < 3 || value[0] is < (byte)'0' or > (byte)'2' || value[1] != '.') return false;
        foreach (var range in value[2..].Split((byte)'.'))
        {
            var arc = value[2..][range];
            if (arc.IsEmpty || arc.ContainsAnyExceptInRange((byte)'0', (byte)'9') || (arc.Length > 1 && arc[0] == '0')) return false;
        }
        return true;
    }

    private static bool IsUuid(ReadOnlySpan<byte> value)
    {
        if (!value.StartsWith("urn:uuid:"u8)) return false;
        value = value["urn:uuid:".Length..];
        if (value.Length != 36) return false;
        for (var at = 0; at < value.Length; at++)
        {
            var isDash = at is 8 or 13 or 18 or 23;
            if (isDash ? value[at] != '-' : value[at] is not (>= (byte)'0' and <= (byte)'9' or >= (byte)'a' and <= (byte)'f')) return false;
        }
        return true;
    }

    private static bool IsBase64(ReadOnlySpan<byte> value) => !value.IsEmpty && Base64.IsValid(value);

    private static bool HasUnicodeSpace(ReadOnlySpan<byte> value)
    {
        while (Rune.DecodeFromUtf8(value, out var rune, out var length) is OperationStatus.Done)
        {
            if (Rune.IsWhiteSpace(rune)) return true;
            value = value[length..];
        }
        return false;
    }

    private static int CharactersIn(ReadOnlySpan<byte> value)
    {
        var count = 0;
        foreach (var octet in value)
            if ((octet & 0xC0) != 0x80) count++;
        return count;
    }
}
