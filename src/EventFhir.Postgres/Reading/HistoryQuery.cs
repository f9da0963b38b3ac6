using System.Collections.Immutable;
using System.Globalization;

using EventFhir.Core.Events;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Feed;

namespace EventFhir.Postgres.Reading;

/// <summary>Whose history: of one resource, of a type, of everything (R4 http.html#history).</summary>
public abstract record HistoryScope
{
    private HistoryScope() { }

    public sealed record Instance(ResourceKey Key) : HistoryScope;
    public sealed record OfType(TypeDefinition Type) : HistoryScope;
    public sealed record OfSystem : HistoryScope;
}

public enum HistoryOrder { NewestFirst, OldestFirst }

/// <param name="Count">Entries on a page; 0 asks for the total only.</param>
public sealed record HistoryQuery(HistoryScope Scope, int Count)
{
    /// <summary>_since: written at this instant or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>_before: written earlier than this instant (R5).</summary>
    public DateTimeOffset? Before { get; init; }

    /// <summary>_at: versions that were current at some time from AtFrom on …</summary>
    public DateTimeOffset? AtFrom { get; init; }

    /// <summary>… and before this.</summary>
    public DateTimeOffset? AtBefore { get; init; }

    /// <summary>_asOf: what was written up to then. Such a history is in the order of the feed.</summary>
    public Moment? AsOf { get; init; }

    /// <summary>_list: of these resources only; null: of all in the scope.</summary>
    public ImmutableArray<ResourceKey>? Among { get; init; }

    public HistoryOrder Order { get; init; } = HistoryOrder.NewestFirst;

    /// <summary>From the link of the page before; null: the first page.</summary>
    public HistoryCursor? After { get; init; }

    internal bool IsFiltered =>
        AsOf is not null || Among is not null || Since is not null || Before is not null || AtFrom is not null || AtBefore is not null;
}

/// <summary>
/// Where a page ended, and what the first page saw: later pages show nothing that was written since, so that pages neither overlap nor skip.
/// </summary>
/// <param name="Sequence">es.event.seq of the last entry; as of a moment, its position in the feed.</param>
/// <param name="Snapshot">pg_snapshot of the first page: "xmin:xmax:xip,xip,…".</param>
/// <param name="Total">As the first page said it.</param>
public sealed record HistoryCursor(long Sequence, string Snapshot, long? Total)
{
    /// <summary>As of a moment no snapshot is needed: positions say what belongs to it.</summary>
    internal const string NoSnapshot = "1:1:";

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Sequence}.{Total}.{Snapshot}");

    /// <summary>False for anything that <see cref="ToString"/> cannot have made.</summary>
    public static bool TryParse(string text, out HistoryCursor? cursor)
    {
        cursor = null;
        var parts = text.Split('.');
        if (parts.Length != 3 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)) return false;
        long? total = null;
        if (parts[1].Length > 0)
        {
            if (!long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return false;
            total = number;
        }
        if (!SnapshotText.IsValid(parts[2])) return false;
        cursor = new HistoryCursor(sequence, parts[2], total);
        return true;
    }
}

/// <param name="Total">Of all pages; null if there are too many to count.</param>
/// <param name="Next">Null on the last page.</param>
public sealed record HistoryPage(ImmutableArray<StoredVersion> Entries, long? Total, HistoryCursor? Next);
