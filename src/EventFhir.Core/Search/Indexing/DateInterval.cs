using System.Buffers.Text;
using System.Text;

namespace EventFhir.Core.Search.Indexing;

/// <summary>
/// The time that a date stands for by its precision (R4 search.html#date): from Low, until before High, in UTC. A date without a zone is UTC.
/// An open end is <see cref="DateTimeOffset.MinValue"/> or <see cref="DateTimeOffset.MaxValue"/>, which the store keeps as -infinity and infinity.
/// Instants are cut to microseconds, as PostgreSQL keeps them.
/// </summary>
public readonly record struct DateInterval(DateTimeOffset Low, DateTimeOffset High)
{
    public static readonly DateInterval Always = new(DateTimeOffset.MinValue, DateTimeOffset.MaxValue);

    /// <summary>Reads date, dateTime and instant; also minutes without seconds, which queries may have.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out DateInterval interval)
    {
        interval = default;
        if (text.Length > 64) return false;
        Span<byte> utf8 = stackalloc byte[text.Length * 3];
        return TryParse(utf8[..Encoding.UTF8.GetBytes(text, utf8)], out interval);
    }

    /// <summary>The same over UTF-8.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out DateInterval interval)
    {
        interval = default;
        var rest = text;
        if (!TakeNumber(ref rest, 4, out var year) || year == 0) return false;
        if (rest.IsEmpty) return Between(year, 1, 1, CalendarStep.Year, out interval);
        if (!Take(ref rest, '-') || !TakeNumber(ref rest, 2, out var month) || month is 0 or > 12) return false;
        if (rest.IsEmpty) return Between(year, month, 1, CalendarStep.Month, out interval);
        if (!Take(ref rest, '-') || !TakeNumber(ref rest, 2, out var day) || day == 0 || day > DateTime.DaysInMonth(year, month)) return false;
        if (rest.IsEmpty) return Between(year, month, day, CalendarStep.Day, out interval);
        if (!Take(ref rest, 'T') || !TryTime(ref rest, out var time, out var precision) || !TryZone(rest, out var offset)) return false;

        var low = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc).Ticks + time - offset;
        interval = new(At(low), At(low + precision));
        return true;
    }

    private enum CalendarStep { Year, Month, Day }

    private static bool Between(int year, int month, int day, CalendarStep step, out DateInterval interval)
    {
        var low = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc);
        var isLast = step switch
        {
            CalendarStep.Year => year == 9999,
            CalendarStep.Month => year == 9999 && month == 12,
            _ => low.Date == DateTime.MaxValue.Date,
        };
        var high = isLast ? DateTime.MaxValue : step switch
        {
            CalendarStep.Year => low.AddYears(1),
            CalendarStep.Month => low.AddMonths(1),
            _ => low.AddDays(1),
        };
        interval = new(At(low.Ticks), At(high.Ticks));
        return true;
    }

    private static bool TryTime(ref ReadOnlySpan<byte> rest, out long ticks, out long precision)
    {
        (ticks, precision) = (0, TimeSpan.TicksPerMinute);
        if (!TakeNumber(ref rest, 2, out var hour) || hour > 23 || !Take(ref rest, ':')) return false;
        if (!TakeNumber(ref rest, 2, out var minute) || minute > 59) return false;
        ticks = (hour * TimeSpan.TicksPerHour) + (minute * TimeSpan.TicksPerMinute);
        if (!Take(ref rest, ':')) return true;
        // Second 60 is a leap second; it is counted as the first one of the next minute.
        if (!TakeNumber(ref rest, 2, out var second) || second > 60) return false;
        ticks += second * TimeSpan.TicksPerSecond;
        precision = TimeSpan.TicksPerSecond;
        return !Take(ref rest, '.') || TryFraction(ref rest, ref ticks, ref precision);
    }

    private static bool TryFraction(ref ReadOnlySpan<byte> rest, ref long ticks, ref long precision)
    {
        var digits = 0;
        for (; digits < rest.Length && rest[digits] is >= (byte)'0' and <= (byte)'9'; digits++)
        {
            if (digits >= 6) continue;
            precision /= 10;
            ticks += (rest[digits] - '0') * precision;
        }
        rest = rest[digits..];
        return digits > 0;
    }

    private static bool TryZone(ReadOnlySpan<byte> rest, out long offset)
    {
        offset = 0;
        if (rest.IsEmpty || (rest.Length == 1 && rest[0] == 'Z')) return true;
        var sign = rest[0] switch { (byte)'+' => 1, (byte)'-' => -1, _ => 0 };
        rest = rest[1..];
        if (sign == 0 || !TakeNumber(ref rest, 2, out var hours) || !Take(ref rest, ':') || !TakeNumber(ref rest, 2, out var minutes)) return false;
        offset = sign * ((hours * TimeSpan.TicksPerHour) + (minutes * TimeSpan.TicksPerMinute));
        return rest.IsEmpty && hours <= 14 && minutes <= 59;
    }

    private static DateTimeOffset At(long ticks) => ticks <= 0
        ? DateTimeOffset.MinValue
        : ticks >= DateTime.MaxValue.Ticks ? DateTimeOffset.MaxValue : new DateTimeOffset(ticks, TimeSpan.Zero);

    private static bool Take(ref ReadOnlySpan<byte> rest, char expected)
    {
        if (rest.IsEmpty || rest[0] != expected) return false;
        rest = rest[1..];
        return true;
    }

    private static bool TakeNumber(ref ReadOnlySpan<byte> rest, int digits, out int number)
    {
        number = 0;
        if (rest.Length < digits) return false;
        var isNumber = Utf8Parser.TryParse(rest[..digits], out uint value, out var consumed) && consumed == digits;
        if (!char.IsAsciiDigit((char)rest[0])) isNumber = false;
        number = (int)value;
        rest = rest[digits..];
        return isNumber;
    }
}
