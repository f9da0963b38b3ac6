using EventFhir.Core.Search.Indexing;

using EventFhir.Postgres.Bulk;

using Npgsql;

using NpgsqlTypes;

namespace EventFhir.Postgres.Projections;

/// <summary>The values of one column for many rows: one array parameter. Refilled for each batch; hot path, measured by create-observation.</summary>
internal sealed class ColumnBuffer(ValueKind kind)
{
    private readonly List<int?> numbers = [];
    private readonly List<long?> hashes = [];
    private readonly List<DateTime?> instants = [];
    private readonly List<decimal?> decimals = [];
    private readonly List<double?> coordinates = [];
    private readonly List<string?> texts = [];

    public ValueKind Kind => kind;

    public void Add(int value) => numbers.Add(value);
    public void Add(long value) => hashes.Add(value);
    public void Add(decimal value) => decimals.Add(value);
    public void Add(DateTimeOffset value) => instants.Add(value.UtcDateTime);

    /// <summary>PostgreSQL's text cannot hold U+0000; no search could send it either.</summary>
    public void Add(string value)
    {
        texts.Add(value.Contains('\0', StringComparison.Ordinal) ? value.Replace("\0", "", StringComparison.Ordinal) : value);
    }

    public void Add(in ColumnValue value, References references)
    {
        switch (kind)
        {
            case ValueKind.Reference: numbers.Add(value.HasValue ? references.NumberOf(value.Reference) : null); break;
            case ValueKind.Instant: instants.Add(value.HasValue ? value.Instant.UtcDateTime : null); break;
            case ValueKind.Number: decimals.Add(value.HasValue ? value.Number : null); break;
            case ValueKind.Hash: hashes.Add(value.HasValue ? value.Hash : null); break;
            case ValueKind.Coordinate: coordinates.Add(value.HasValue ? value.Coordinate : null); break;
            case ValueKind.Text when value is { HasValue: true, Text: { } text }: Add(text); break;
            default: texts.Add(null); break;
        }
    }

    /// <summary>The value of one row, for COPY.</summary>
    /// <param name="refs">The rids of the references, by their number less one.</param>
    public void CopyTo(CopyRows rows, int row, ReadOnlySpan<long> refs)
    {
        switch (kind)
        {
            case ValueKind.Reference when numbers[row] is { } reference: rows.Add(refs[reference - 1]); break;
            case ValueKind.Parameter when numbers[row] is { } parameter: rows.Add(parameter); break;
            case ValueKind.Hash when hashes[row] is { } hash: rows.Add(hash); break;
            case ValueKind.Instant when instants[row] is { } instant: rows.Add(instant); break;
            case ValueKind.Number when decimals[row] is { } number: rows.Add(number); break;
            case ValueKind.Coordinate when coordinates[row] is { } coordinate: rows.Add(coordinate); break;
            case ValueKind.Text: rows.Add(texts[row]); break;
            default: rows.AddNull(); break;
        }
    }

    public NpgsqlParameter Parameter()
    {
        var type = NpgsqlDbType.Array | SqlTypes.Element(kind);
        return kind switch
        {
            ValueKind.Reference or ValueKind.Parameter => new NpgsqlParameter<List<int?>> { TypedValue = numbers, NpgsqlDbType = type },
            ValueKind.Hash => new NpgsqlParameter<List<long?>> { TypedValue = hashes, NpgsqlDbType = type },
            ValueKind.Instant => new NpgsqlParameter<List<DateTime?>> { TypedValue = instants, NpgsqlDbType = type },
            ValueKind.Number => new NpgsqlParameter<List<decimal?>> { TypedValue = decimals, NpgsqlDbType = type },
            ValueKind.Coordinate => new NpgsqlParameter<List<double?>> { TypedValue = coordinates, NpgsqlDbType = type },
            _ => new NpgsqlParameter<List<string?>> { TypedValue = texts, NpgsqlDbType = type },
        };
    }

    public void Clear()
    {
        numbers.Clear();
        hashes.Clear();
        instants.Clear();
        decimals.Clear();
        coordinates.Clear();
        texts.Clear();
    }
}
