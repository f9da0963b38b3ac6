using System.Globalization;

namespace EventFhir.Model.FhirPath;

public enum TemporalKind : byte { Date, DateTime, Time }

/// <summary>How far a value is known. Seconds and their fraction are one precision in comparisons (FHIRPath N1, 6.1.1).</summary>
public enum TemporalPrecision : byte { Year, Month, Day, Hour, Minute, Second, Fraction }

/// <summary>A date, date-time or time, known to a precision. Covers the FHIR types date, dateTime, instant and time.</summary>
/// <param name="Ticks">The first moment it can stand for, in local time: 100 ns since 0001-01-01, or since midnight for a time.</param>
/// <param name="OffsetMinutes">East of UTC; null if no zone was given.</param>
/// <param name="FractionDigits">Digits of the second's fraction as written, at most 7.</param>
public readonly record struct Temporal(TemporalKind Kind, TemporalPrecision Precision, long Ticks, short? OffsetMinutes, byte FractionDigits)
{
    private DateTime Local => new(Ticks);

    /// <summary>The first moment as UTC ticks; a missing zone counts as UTC.</summary>
    public long UtcTicks => Ticks - (OffsetMinutes ?? 0) * TimeSpan.TicksPerMinute;

    public static Temporal DateTimeOf(DateTimeOffset moment) =>
        new(TemporalKind.DateTime, TemporalPrecision.Fraction, moment.Ticks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond,
            (short)moment.Offset.TotalMinutes, 3);

    public static Temporal DateOf(DateTimeOffset moment) => new(TemporalKind.Date, TemporalPrecision.Day, moment.Date.Ticks, null, 0);

    public static Temporal TimeOf(DateTimeOffset moment) =>
        new(TemporalKind.Time, TemporalPrecision.Fraction, moment.TimeOfDay.Ticks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond,
            null, 3);

    /// <summary>The order of two values; null where their precision or a missing zone leaves it open. Both are times, or neither is.</summary>
    public static int? Compare(Temporal left, Temporal right)
    {
        var (leftTicks, rightTicks) = (left.Ticks, right.Ticks);
        if (left.OffsetMinutes is not null && right.OffsetMinutes is not null)
        {
            (leftTicks, rightTicks) = (left.UtcTicks, right.UtcTicks);
        }
        else if ((left.OffsetMinutes ?? right.OffsetMinutes) is not null && left.Precision > TemporalPrecision.Day
            && right.Precision > TemporalPrecision.Day)
        {
            // One zone is unknown: offsets reach from -12:00 to +14:00, so only a larger distance decides.
            var distance = leftTicks - rightTicks;
            return Math.Abs(distance) > 14 * TimeSpan.TicksPerHour ? Math.Sign(distance) : null;
        }
        var shared = (TemporalPrecision)Math.Min((byte)left.Precision, (byte)right.Precision);
        if (shared < TemporalPrecision.Second) (leftTicks, rightTicks) = (Truncate(leftTicks, shared), Truncate(rightTicks, shared));
        if (leftTicks != rightTicks) return leftTicks < rightTicks ? -1 : 1;
        return SamePrecision(left, right) ? 0 : null;
    }

    public static bool SamePrecision(Temporal left, Temporal right) =>
        left.Precision == right.Precision || (left.Precision >= TemporalPrecision.Second && right.Precision >= TemporalPrecision.Second);

    /// <summary>The value with everything finer than the precision removed.</summary>
    public Temporal To(TemporalPrecision precision) => precision >= Precision ? this : this with
    {
        Precision = precision,
        Ticks = Truncate(Ticks, precision),
        OffsetMinutes = precision > TemporalPrecision.Day ? OffsetMinutes : null,
        FractionDigits = 0,
    };

    /// <summary>The text without "@": "2014-01", "2014-01-01T08:05+08:00", "10:30".</summary>
    public override string ToString()
    {
        var text = Kind is TemporalKind.Time ? "" : Local.ToString(DateFormat, CultureInfo.InvariantCulture);
        if (Precision <= TemporalPrecision.Day) return text;
        text += (Kind is TemporalKind.Time ? "" : "T") + Local.ToString(TimeFormat, CultureInfo.InvariantCulture);
        if (OffsetMinutes is not { } offset) return text;
        return offset == 0 ? text + "Z" : text + string.Create(CultureInfo.InvariantCulture,
            $"{(offset < 0 ? '-' : '+')}{Math.Abs(offset) / 60:00}:{Math.Abs(offset) % 60:00}");
    }

    private string DateFormat => Precision switch { TemporalPrecision.Year => "yyyy", TemporalPrecision.Month => "yyyy-MM", _ => "yyyy-MM-dd" };

    private string TimeFormat => Precision switch
    {
        TemporalPrecision.Hour => "HH",
        TemporalPrecision.Minute => "HH:mm",
        TemporalPrecision.Second => "HH:mm:ss",
        _ => "HH:mm:ss." + new string('f', FractionDigits),
    };

    private static long Truncate(long ticks, TemporalPrecision precision) => precision switch
    {
        TemporalPrecision.Year => new DateTime(new DateTime(Math.Max(0, ticks)).Year, 1, 1).Ticks,
        TemporalPrecision.Month => new DateTime(new DateTime(Math.Max(0, ticks)).Year, new DateTime(Math.Max(0, ticks)).Month, 1).Ticks,
        TemporalPrecision.Day => Floor(ticks, TimeSpan.TicksPerDay),
        TemporalPrecision.Hour => Floor(ticks, TimeSpan.TicksPerHour),
        TemporalPrecision.Minute => Floor(ticks, TimeSpan.TicksPerMinute),
        TemporalPrecision.Second => Floor(ticks, TimeSpan.TicksPerSecond),
        _ => ticks,
    };

    private static long Floor(long ticks, long unit) => ticks - (ticks % unit);
}
