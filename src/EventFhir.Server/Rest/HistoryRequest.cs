using System.Collections.Immutable;
using System.Globalization;

using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Core.Search;
using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Reading;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest;

/// <summary>The parameters of a history interaction (R4 http.html#history).</summary>
public sealed record HistoryRequest
{
    /// <summary>The parameters, for the router and for lenient handling.</summary>
    public static readonly ImmutableArray<string> Parameters =
        ["_since", "_before", "_at", "_list", "_count", "_sort", "_page", AsOfRequest.Parameter,
        .. SubsetRequest.Parameters];

    private const string OfList = "List/";

    public int Count { get; init; } = Limits.PageSizeDefault;
    public HistoryOrder Order { get; init; }

    /// <summary>Versions made at or after this instant.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Versions made before this instant.</summary>
    public DateTimeOffset? Before { get; init; }

    /// <summary>Versions that were current at some moment of this period.</summary>
    public (DateTimeOffset Low, DateTimeOffset High)? At { get; init; }

    /// <summary>Versions of what this List names.</summary>
    public ResourceId? List { get; init; }

    /// <summary>What of each version is sent; with _summary=count only their number.</summary>
    public SubsetRequest Subset { get; init; } = SubsetRequest.Whole;

    /// <param name="types">The types that the history is of.</param>
    public static (HistoryRequest? Request, Refusal? Refusal) Read(IQueryCollection query, ImmutableArray<TypeDefinition> types)
    {
        var subset = SubsetRequest.Read(query, types);
        if (subset.IsRefused(out var refusal)) return (null, refusal);
        var request = new HistoryRequest { Subset = subset.Value };
        foreach (var name in Parameters)
        {
            if (name == AsOfRequest.Parameter || SubsetRequest.Parameters.Contains(name)) continue;
            var values = query[name];
            if (values is not [{ Length: > 0 } text, ..]) continue;
            if (values.Count > 1 || request.With(name, text) is not { } changed)
                return (null, Refusal.Of(RefusalKind.BadRequest, "value", $"{name} {Meaning(name)}, once."));
            request = changed;
        }
        return (subset.Value.Summary is SummaryMode.Count ? request with { Count = 0 } : request, null);
    }

    private HistoryRequest? With(string name, string text) => name switch
    {
        "_count" => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? this with { Count = Math.Min(count, Limits.PageSizeMax) }
            : null,
        "_sort" => text is "_lastUpdated" or "-_lastUpdated"
            ? this with { Order = text[0] is '_' ? HistoryOrder.OldestFirst : HistoryOrder.NewestFirst } : null,
        "_since" => FhirInstant.TryParsePeriod(text, out var since, out _) ? this with { Since = since } : null,
        "_before" => FhirInstant.TryParsePeriod(text, out var before, out _) ? this with { Before = before } : null,
        "_at" => FhirInstant.TryParsePeriod(text, out var low, out var high) ? this with { At = (low, high) } : null,
        "_list" => ResourceId.TryParse(text.StartsWith(OfList, StringComparison.Ordinal) ? text.AsSpan(OfList.Length) : text, out var list)
            ? this with { List = list }
            : null,
        _ => this,
    };

    private static string Meaning(string name) => name switch
    {
        "_count" => "is a number of entries, 0 or more",
        "_sort" => "is _lastUpdated or -_lastUpdated",
        "_page" => "comes from a page link",
        "_list" => "is the id of a List that is stored here",
        _ => "is a date or an instant such as 2026-11-21T08:00:00Z",
    };
}
