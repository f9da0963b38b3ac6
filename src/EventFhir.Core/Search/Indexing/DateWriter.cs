using EventFhir.Model.Elements;

namespace EventFhir.Core.Search.Indexing;

/// <summary>Dates of all types, as intervals (R4 search.html#date).</summary>
internal sealed class DateWriter : ValueWriter
{
    private readonly long hash;
    private readonly (int Low, int High)? columns;

    public DateWriter(string parameter) => hash = Hashing.Start(parameter, TermForm.Any);
    public DateWriter(int low, int high) => columns = (low, high);

    public override bool Write(Element value, EntryBuilder into)
    {
        if (!TryInterval(Unwrap(value), out var interval)) return false;
        if (columns is var (low, high))
            return into.Column(low, ColumnValue.Of(interval.Low)) && into.Column(high, ColumnValue.Of(interval.High));
        into.Date(hash, interval);
        return true;
    }

    public static bool TryInterval(Element value, out DateInterval interval)
    {
        interval = default;
        if (value.Type.IsPrimitive) return value.HasValue && DateInterval.TryParse(value.Utf8(), out interval);
        return value.Type.Name switch
        {
            "Period" => TryPeriod(value, out interval),
            "Timing" => TryTiming(value, out interval),
            _ => false,
        };
    }

    private static bool TryPeriod(Element period, out DateInterval interval)
    {
        interval = DateInterval.Always;
        var found = false;
        foreach (var child in period.Children)
        {
            if (!child.HasValue || !DateInterval.TryParse(child.Utf8(), out var end)) continue;
            if (child.Name == "start") (interval, found) = (interval with { Low = end.Low }, true);
            else if (child.Name == "end") (interval, found) = (interval with { High = end.High }, true);
        }
        // A period that ends before it starts breaks per-1 and is refused on write; one read from elsewhere must not make a range impossible.
        if (interval.High < interval.Low) interval = new(interval.High, interval.Low);
        return found;
    }

    /// <summary>Only the outer limits of a schedule count: of its events and its bounds.</summary>
    private static bool TryTiming(Element timing, out DateInterval interval)
    {
        interval = default;
        var found = false;
        foreach (var child in timing.Children)
        {
            if (child.Name == "event" && TryInterval(child, out var one)) Extend(ref interval, ref found, one);
            if (child.Name != "repeat") continue;
            foreach (var bounds in child.ChildrenNamed("bounds"))
                if (TryInterval(bounds, out var all)) Extend(ref interval, ref found, all);
        }
        return found;
    }

    private static void Extend(ref DateInterval interval, ref bool found, DateInterval other)
    {
        interval = found
            ? new(other.Low < interval.Low ? other.Low : interval.Low, other.High > interval.High ? other.High : interval.High)
            : other;
        found = true;
    }
}
