namespace EventFhir.Model.FhirPath;

/// <summary>Reads dates, date-times and times of every precision, from FHIR values and from literals. Allocates nothing.</summary>
public static class TemporalParser
{
    private const int FractionDigitsMax = 7;

    /// <summary>"2014", "2014-01", "2014-01-25".</summary>
    public static bool TryParseDate(ReadOnlySpan<byte> text, out Temporal value) =>
        TryReadDate(text, out var length, out value) && length == text.Length;

    /// <summary>A date, or a date with "T" and a time of any precision and an optional zone.</summary>
    public static bool TryParseDateTime(ReadOnlySpan<byte> text, out Temporal value) =>
        TryReadDateTime(text, out var length, out value) && length == text.Length;

    /// <summary>"14", "14:30", "14:30:28.123", without zone.</summary>
    public static bool TryParseTime(ReadOnlySpan<byte> text, out Temporal value) =>
        TryReadTime(text, out var length, out value) && length == text.Length;

    internal static bool TryReadDate(ReadOnlySpan<byte> text, out int length, out Temporal value)
    {
        (length, value) = (0, default);
        if (!TryDigits(text, 4, out var year) || year == 0) return false;
        var (month, day, precision) = (1, 1, TemporalPrecision.Year);
        length = 4;
        if (Follows(text, length, '-') && TryDigits(text[(length + 1)..], 2, out month))
        {
            if (month is < 1 or > 12) return false;
            (precision, length) = (TemporalPrecision.Month, 7);
            if (Follows(text, length, '-') && TryDigits(text[(length + 1)..], 2, out day))
            {
                if (day < 1 || day > DateTime.DaysInMonth(year, month)) return false;
                (precision, length) = (TemporalPrecision.Day, 10);
            }
            else day = 1;
        }
        else month = 1;
        value = new Temporal(TemporalKind.Date, precision, new DateTime(year, month, day).Ticks, null, 0);
        return true;
    }

    internal static bool TryReadDateTime(ReadOnlySpan<byte> text, out int length, out Temporal value)
    {
        if (!TryReadDate(text, out length, out value)) return false;
        value = value with { Kind = TemporalKind.DateTime };
        if (!Follows(text, length, 'T')) return true;
        length++;
        if (value.Precision < TemporalPrecision.Day || !TryReadTime(text[length..], out var timeLength, out var time)) return true;
        length += timeLength;
        value = value with { Precision = time.Precision, Ticks = value.Ticks + time.Ticks, FractionDigits = time.FractionDigits };
        if (Follows(text, length, 'Z'))
        {
            length++;
            value = value with { OffsetMinutes = 0 };
        }
        else if (TryReadOffset(text[length..], out var offset))
        {
            length += 6;
            value = value with { OffsetMinutes = offset };
        }
        return true;
    }

    internal static bool TryReadTime(ReadOnlySpan<byte> text, out int length, out Temporal value)
    {
        (length, value) = (0, default);
        if (!TryDigits(text, 2, out var hour) || hour > 23) return false;
        var (precision, ticks, digits) = (TemporalPrecision.Hour, hour * TimeSpan.TicksPerHour, (byte)0);
        length = 2;
        if (Follows(text, length, ':') && TryDigits(text[(length + 1)..], 2, out var minute))
        {
            if (minute > 59) return false;
            (precision, length) = (TemporalPrecision.Minute, 5);
            ticks += minute * TimeSpan.TicksPerMinute;
            if (Follows(text, length, ':') && TryDigits(text[(length + 1)..], 2, out var second))
            {
                if (second > 60) return false;
                (precision, length) = (TemporalPrecision.Second, 8);
                // A leap second has no place of its own in the tick scale; it counts as the last second before it.
                ticks += Math.Min(second, 59) * TimeSpan.TicksPerSecond;
                if (Follows(text, length, '.') && TryDigits(text[(length + 1)..], 1, out _))
                {
                    precision = TemporalPrecision.Fraction;
                    for (length++; length < text.Length && char.IsAsciiDigit((char)text[length]); length++)
                        if (digits < FractionDigitsMax) ticks += (text[length] - '0') * (TimeSpan.TicksPerSecond / PowerOfTen(++digits));
                }
            }
        }
        value = new Temporal(TemporalKind.Time, precision, ticks, null, digits);
        return true;
    }

    private static bool TryReadOffset(ReadOnlySpan<byte> text, out short minutes)
    {
        minutes = 0;
        if (text.Length < 6 || text[0] is not ((byte)'+' or (byte)'-') || text[3] != ':') return false;
        if (!TryDigits(text[1..], 2, out var hours) || !TryDigits(text[4..], 2, out var rest) || hours > 14 || rest > 59) return false;
        minutes = (short)((text[0] == '-' ? -1 : 1) * (hours * 60 + rest));
        return true;
    }

    private static bool Follows(ReadOnlySpan<byte> text, int at, char expected) => at < text.Length && text[at] == expected;

    private static bool TryDigits(ReadOnlySpan<byte> text, int count, out int number)
    {
        number = 0;
        if (text.Length < count) return false;
        for (var i = 0; i < count; i++)
        {
            if (!char.IsAsciiDigit((char)text[i])) return false;
            number = number * 10 + (text[i] - '0');
        }
        return true;
    }

    private static long PowerOfTen(int exponent)
    {
        var power = 1L;
        for (var i = 0; i < exponent; i++) power *= 10;
        return power;
    }
}
