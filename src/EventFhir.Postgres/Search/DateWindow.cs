using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Postgres.Projections;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Search;

/// <summary>
/// What follows from the conditions on a date that together form a window of time: the date begins in the window or less than a day before it, or
/// it is one of the few that are longer than a day. Says nothing new, but both halves have an index (MainStatements.LongDate), while for a window
/// the planner would read half of the type.
/// </summary>
internal sealed class DateWindow(SqlBuilder sql)
{
    private static readonly TimeSpan ShortMax = TimeSpan.FromDays(1);

    public void Write(TypeQuery query, TableNames tables)
    {
        foreach (var placement in tables.Layout.Placements)
        {
            if (placement is not ParameterPlacement.DateColumns columns || !IsWindow(query, tables, columns, out var from)) continue;
            var (low, high) = (SqlWriter.Text($"x.{tables.Column(columns.Low)}"), SqlWriter.Text($"x.{tables.Column(columns.High)}"));
            sql.Append($" and ({low} >= {Before(from)} or ({MainStatements.LongDate(low, high)}))");
        }
    }

    /// <summary>True if the conditions of a parameter bound its date on both sides.</summary>
    /// <param name="from">The date ends after this.</param>
    private static bool IsWindow(TypeQuery query, TableNames tables, ParameterPlacement.DateColumns columns, out DateTimeOffset from)
    {
        from = DateTimeOffset.MinValue;
        var isBoundedAbove = false;
        foreach (var clause in query.Clauses)
        {
            if (clause is not Clause.Matches { Values: [SearchValue.Date value] } matches) continue;
            if (!ReferenceEquals(ClauseWriter.Stored(ClauseWriter.PlacementOf(tables.Layout, matches.Parameter)), columns)) continue;
            isBoundedAbove |= value.Prefix is Prefix.Less or Prefix.LessOrEqual or Prefix.Approximate;
            var end = value.Prefix switch
            {
                Prefix.Greater => value.High,
                Prefix.GreaterOrEqual or Prefix.Approximate => value.Low,
                _ => DateTimeOffset.MinValue,
            };
            if (end > from) from = end;
        }
        return isBoundedAbove && from > DateTimeOffset.MinValue;
    }

    private static DateTimeOffset Before(DateTimeOffset from) =>
        from - DateTimeOffset.MinValue > ShortMax ? from - ShortMax : DateTimeOffset.MinValue;
}
