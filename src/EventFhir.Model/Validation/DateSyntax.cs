namespace EventFhir.Model.Validation;

/// <summary>The syntax of date, dateTime, instant and time (R4 datatypes.html#primitive), calendar included: there is no 30 February.</summary>
internal static class DateSyntax
{
    public static bool IsDate(ReadOnlySpan<byte> text) => TryDate(text, out var length) && length == text.Length;

    /// <summary>A date of any precision, or a full date with time and zone.</summary>
    public static bool IsDateTime(ReadOnlySpan<byte> text)
    {
        if (!TryDate(text, out var length)) return false;
        return length == text.Length || (length == "2026-11-21".Length && text[length] == 'T' && IsTimeAndZone(text[(length + 1)..]));
    }

    public static bool IsInstant(ReadOnlySpan<byte> text) =>
        text.Length > "2026-11-21".Length && IsDateTime(text);

    public static bool IsTime(ReadOnlySpan<byte> text) => TryTime(text, out var length) && length == text.Length;

    private static bool IsTimeAndZone(ReadOnlySpan<byte> text) => TryTime(text, out var length) && IsZone(text[length..]);

    /// <summary>Reads YYYY, YYYY-MM or YYYY-MM-DD, whichever is longest.</summary>
    private static bool TryDate(ReadOnlySpan<byte> text, out int length)
    {
        length = 0;
        if (!TryNumber(text, 0, 4, out var year) || year == 0) return false;
        length = 4;
        if (text.Length == 4 || text[4] != '-') return true;
        if (!TryNumber(text, 5, 2, out var month) || month is 0 or > 12) return false;
        length = 7;
        if (text.Length == 7 || text[7] != '-') return true;
        if (!TryNumber(text, 8, 2, out var day) || day == 0 || day > DateTime.DaysInMonth(year, month)) return false;
        length = 10;
        return true;
    }

    /// <summary>Reads hh:mm:ss and a fraction. Second 60 is a leap second.</summary>
    private static bool TryTime(ReadOnlySpan<byte> text, out int length)
    {
        length = 8;
        if (text.Length < 8 || text[2] != ':' || text[5] != ':') return false;
        if (!TryNumber(text, 0, 2, out var hour) || hour > 23) return false;
        if (!TryNumber(text, 3, 2, out var minute) || minute > 59) return false;
        if (!TryNumber(text, 6, 2, out var second) || second > 60) return false;
        if (text.Length == 8 || text[8] != '.') return true;
        length = 9;
        while (length < text.Length && IsDigit(text[length])) length++;
        return length > 9;
    }

    private static bool IsZone(ReadOnlySpan<byte> text)
    {
        if (text.Length == 1) return text[0] == 'Z';
        if (text.Length != 6 || text[0] is not ((byte)'+' or (byte)'-') || text[3] != ':') return false;
        if (!TryNumber(text, 1, 2, out var hour) || !TryNumber(text, 4, 2, out var minute)) return false;
        return hour <= 13 ? minute <= 59 : hour == 14 && minute == 0;
    }

    private static bool TryNumber(ReadOnlySpan<byte> text, int from, int digits, out int number)
    {
        number = 0;
        if (text.Length < from + digits) return false;
        for (var at = from; at < from + digits; at++)
        {
            if (!IsDigit(text[at])) return false;
            number = number * 10 + (text[at] - '0');
        }
        return true;
    }

    private static bool IsDigit(byte octet) => (uint)(octet - '0') <= 9;
}
