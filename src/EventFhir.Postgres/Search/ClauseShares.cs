using System.Collections.Immutable;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;

namespace EventFhir.Postgres.Search;

/// <summary>The share of a type's resources that meet the conditions of a search, taken as independent of each other.</summary>
internal sealed class ClauseShares(SearchQuery query, TypeQuery only, TypeStatistics statistics)
{
    /// <summary>Of numbers beside a code: whoever asks for more than a value as often means many as few.</summary>
    private const double ShareOfNumbers = 0.5;

    private readonly TypeLayout layout = query.Definitions.LayoutOf(only.Type);

    /// <summary>The time in which dates have to begin, by the placement of the parameter.</summary>
    private readonly Dictionary<ParameterPlacement.DateColumns, (double From, double To)> windows = [];

    /// <summary>Of all conditions together; null if one is of another kind.</summary>
    public double? All()
    {
        double? share = 1;
        foreach (var clause in only.Clauses) share *= Of(clause);
        foreach (var (columns, (from, to)) in windows) share *= Of(columns, from, to);
        return share;
    }

    private double? Of(Clause clause) => clause switch
    {
        Clause.Matches matches => Of(ClauseWriter.Stored(ClauseWriter.PlacementOf(layout, matches.Parameter)), matches.Values),
        Clause.Not { Inner: Clause.Matches { Parameter: var parameter } inner } when ClauseWriter.Stored(
            ClauseWriter.PlacementOf(layout, parameter)) is ParameterPlacement.TokenTerms => 1 - Of(inner),
        _ => null,
    };

    /// <summary>Values are alternatives; what has several of them is counted more than once.</summary>
    private double? Of(ParameterPlacement placement, ImmutableArray<SearchValue> values)
    {
        switch (placement)
        {
            case ParameterPlacement.TokenTerms { Home: TermHome.Terms } when values.All(static value => value is SearchValue.Token):
                return Sum(values.SelectMany(value => TokenHashes.AllOf(query.Definitions.Release, placement.Parameter.Code, value)));
            case ParameterPlacement.UriTerms { Home: TermHome.Terms } when values.All(static value => value is SearchValue.Uri):
                return Sum(values.SelectMany(value => UriForms.Hashes(placement.Parameter.Code, value)));
            case ParameterPlacement.DateColumns columns when values is [SearchValue.Date date]:
                return Narrow(columns, date) ? 1 : null;
            case ParameterPlacement.Conjunction conjunction when values is [SearchValue.Composite composite]:
                double? share = 1;
                for (var part = 0; part < conjunction.Components.Length; part++)
                    share *= Of(conjunction.Components[part], [composite.Components[part]]);
                return share;
            case ParameterPlacement.QuantityColumns or ParameterPlacement.NumberColumns
                when only.Clauses is [Clause.Matches { Values: [SearchValue.Composite] }]:
                return ShareOfNumbers;
            case ParameterPlacement.Composite { Last: CompositeEnd.Number or CompositeEnd.Quantity } composite
                when values is [SearchValue.Composite { Components: [.., SearchValue.Number or SearchValue.Quantity { Unit: null }] } value]:
                return Sum(CompositeKeys.Of(composite, value)) * ShareOfNumbers;
            default:
                return null;
        }
    }

    private double Sum(IEnumerable<long> hashes)
    {
        var sum = 0.0;
        foreach (var hash in hashes) sum += statistics.Terms.GetValueOrDefault(hash);
        return Math.Min(1, sum);
    }

    /// <summary>False if the condition sets no bound.</summary>
    private bool Narrow(ParameterPlacement.DateColumns columns, SearchValue.Date date)
    {
        var (low, high) = (Seconds(date.Low), Seconds(date.High));
        (double From, double To)? bounds = date.Prefix switch
        {
            Prefix.Greater or Prefix.StartsAfter => (high, double.PositiveInfinity),
            Prefix.GreaterOrEqual => (low, double.PositiveInfinity),
            Prefix.Less or Prefix.EndsBefore => (double.NegativeInfinity, low),
            Prefix.LessOrEqual => (double.NegativeInfinity, high),
            Prefix.Equal or Prefix.Approximate => (low, high),
            _ => null,
        };
        if (bounds is not { } window) return false;
        if (windows.TryGetValue(columns, out var known)) window = (Math.Max(known.From, window.From), Math.Min(known.To, window.To));
        windows[columns] = window;
        return true;
    }

    /// <summary>Null if the order begins outside of the window, for then a walk along it meets nothing for long.</summary>
    private double? Of(ParameterPlacement.DateColumns columns, double from, double to)
    {
        foreach (var key in query.Result.Sort)
        {
            if (key.Paths is not [SortPath.Value value]) continue;
            if (ClauseWriter.Stored(ClauseWriter.PlacementOf(layout, value.Parameter)) != columns) continue;
            if (double.IsFinite(key.Direction is SortDirection.Descending ? to : from)) return null;
        }
        return statistics.Dates.TryGetValue(layout.Columns[columns.Low].Name, out var spread) ? spread.Between(from, to) : null;
    }

    private static double Seconds(DateTimeOffset instant) => (instant - DateTimeOffset.UnixEpoch).TotalSeconds;
}
