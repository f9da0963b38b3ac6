using EventFhir.Core.Search.Indexing;
using EventFhir.Postgres.Sql;

using NpgsqlTypes;

namespace EventFhir.Postgres.Projections;

/// <summary>What each kind of value is in SQL: as a column, as an array parameter, and how one becomes the other.</summary>
internal static class SqlTypes
{
    public static ValueKind Of(ColumnKind kind) => kind switch
    {
        ColumnKind.Reference => ValueKind.Reference,
        ColumnKind.Instant => ValueKind.Instant,
        ColumnKind.Number => ValueKind.Number,
        ColumnKind.Hash => ValueKind.Hash,
        ColumnKind.Text => ValueKind.Text,
        ColumnKind.Coordinate => ValueKind.Coordinate,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No column type is defined for this kind."),
    };

    public static SqlText Column(ValueKind kind) => kind switch
    {
        ValueKind.Reference or ValueKind.Hash => SqlWriter.Text($"bigint"),
        ValueKind.Instant => SqlWriter.Text($"timestamptz"),
        ValueKind.Number => SqlWriter.Text($"numeric"),
        ValueKind.Text => SqlWriter.Text($"text collate \"C\""),
        ValueKind.Coordinate => SqlWriter.Text($"float8"),
        ValueKind.Parameter => SqlWriter.Text($"int"),
        ValueKind.Words => SqlWriter.Text($"tsvector"),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No column type is defined for this kind."),
    };

    /// <summary>References travel as 1-based numbers into the references of the batch, since their rids are known only there.</summary>
    public static NpgsqlDbType Element(ValueKind kind) => kind switch
    {
        ValueKind.Reference or ValueKind.Parameter => NpgsqlDbType.Integer,
        ValueKind.Hash => NpgsqlDbType.Bigint,
        ValueKind.Instant => NpgsqlDbType.TimestampTz,
        ValueKind.Number => NpgsqlDbType.Numeric,
        ValueKind.Text or ValueKind.Words => NpgsqlDbType.Text,
        ValueKind.Coordinate => NpgsqlDbType.Double,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No parameter type is defined for this kind."),
    };

    /// <summary>The column's value, made from the unnested element: w.refs are the rids of the references.</summary>
    public static SqlText Value(ValueKind kind, SqlText element) => kind switch
    {
        ValueKind.Reference => SqlWriter.Text($"w.refs[{element}]"),
        ValueKind.Words => SqlWriter.Text($"{element}::tsvector"),
        _ => element,
    };
}
