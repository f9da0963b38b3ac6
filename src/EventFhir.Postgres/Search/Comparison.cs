using System.Diagnostics;

using EventFhir.Core.Search;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Search;

/// <summary>The prefixes of R4 search.html#prefix over a stored range, as SQL.</summary>
internal static class Comparison
{
    /// <param name="low">The first instant of the stored value.</param>
    /// <param name="high">The first instant after it.</param>
    public static void Write(SqlBuilder sql, SearchValue.Date value, SqlText low, SqlText high)
    {
        var (from, to) = (value.Low, value.High);
        switch (value.Prefix)
        {
            case Prefix.Equal:
                // The middle condition follows from the others; it bounds the index scan.
                sql.Append($"({low} >= {from} and {low} < {to} and {high} <= {to})");
                break;
            case Prefix.NotEqual:
                sql.Append($"({low} < {from} or {high} > {to})");
                break;
            case Prefix.Greater:
                sql.Append($"{high} > {to}");
                break;
            case Prefix.Less:
                sql.Append($"{low} < {from}");
                break;
            case Prefix.GreaterOrEqual:
                // The first condition follows from the second, and can use an index.
                sql.Append($"({high} > {from} and ({high} > {to} or {low} >= {from}))");
                break;
            case Prefix.LessOrEqual:
                sql.Append($"({low} < {to} and ({low} < {from} or {high} <= {to}))");
                break;
            case Prefix.StartsAfter:
                sql.Append($"{low} >= {to}");
                break;
            case Prefix.EndsBefore:
                sql.Append($"{high} <= {from}");
                break;
            case Prefix.Approximate or Prefix.Overlaps:
                sql.Append($"({low} < {to} and {high} > {from})");
                break;
            case Prefix.Includes:
                sql.Append($"({low} <= {from} and {high} >= {to})");
                break;
            default:
                throw new UnreachableException($"No comparison is defined for {value.Prefix}.");
        }
    }

    /// <summary>Numbers are stored exactly; implied precision counts for eq, ne and ap only (R4 search.html#number).</summary>
    /// <param name="high">Equal to low unless the stored value is a range.</param>
    public static void Write(SqlBuilder sql, SearchValue.Number value, SqlText low, SqlText high)
    {
        switch (value.Prefix)
        {
            case Prefix.Equal:
                sql.Append($"({low} >= {value.Low} and {low} < {value.High} and {high} < {value.High})");
                break;
            case Prefix.NotEqual:
                sql.Append($"({low} < {value.Low} or {high} >= {value.High})");
                break;
            case Prefix.Greater:
                sql.Append($"{high} > {value.Value}");
                break;
            case Prefix.Less:
                sql.Append($"{low} < {value.Value}");
                break;
            case Prefix.GreaterOrEqual:
                sql.Append($"{high} >= {value.Value}");
                break;
            case Prefix.LessOrEqual:
                sql.Append($"{low} <= {value.Value}");
                break;
            case Prefix.StartsAfter:
                sql.Append($"{low} > {value.Value}");
                break;
            case Prefix.EndsBefore:
                sql.Append($"{high} < {value.Value}");
                break;
            case Prefix.Includes:
                sql.Append($"({low} - 0.5 * power(10::numeric, (-scale({low}))::numeric) <= {value.Value}");
                sql.Append($" and {value.Value} < {high} + 0.5 * power(10::numeric, (-scale({high}))::numeric))");
                break;
            case Prefix.Approximate:
                sql.Append($"({low} <= {value.High} and {high} >= {value.Low})");
                break;
            default:
                throw new UnreachableException($"No comparison is defined for {value.Prefix}.");
        }
    }
}
