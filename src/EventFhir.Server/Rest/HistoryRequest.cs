using System.Collections.Immutable;
using System.Globalization;

using EventFhir.Core;
using EventFhir.Model;
using EventFhir.Postgres.Reading;
using EventFhir.Server.Formats;

namespace EventFhir.Server.Rest;

/// <summary>The parameters of a history interaction (R4 http.html#history).</summary>
public sealed record HistoryRequest
{
    /// <summary>The parameters, for the router and for lenient handling.</summary>
    public static readonly ImmutableArray<string> Parameters = ["_since", "_before", "_at", "_count", "_sort", "_page"];

    public int Count { get; init; } = Limits.PageSizeDefault;
    public HistoryOrder Order { get; init; }

    /// <summary>Versions made at or after this instant.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Versions made before this instant.</summary>
    public DateTimeOffset? Before { get; init; }

    /// <summary>Versions that were current at some moment of this period.</summary>
    public (DateTimeOffset Low, DateTimeOffset High)? At { get; init; }

    public static (HistoryRequest? Request, Refusal? Refusal) Read(IQueryCollection query)
    {
        var request = new HistoryRequest();
        foreach (var name in Parameters)
        {
            var values = query[name];
            if (values is not [{ Length: > 0 } text, ..]) continue;
            if (values.Count > 1 || request.With(name, text) is not { } changed)
                return (null, Refusal.Of(RefusalKind.BadRequest, "value", $"{name} {Meaning(name)}, once."));
            request = changed;
        }
        return (request, null);
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
        _ => this,
    };

    private static string Meaning(string name) => name switch
    {
        "_count" => "is a number of entries, 0 or more",
        "_sort" => "is _lastUpdated or -_lastUpdated",
        "_page" => "comes from a page link",
        _ => "is a date or an instant such as 2026-11-21T08:00:00Z",
    };
}
