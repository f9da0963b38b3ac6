using System.Collections.Immutable;

using EventFhir.Core.Events;
using EventFhir.Core.Search.Words;

namespace EventFhir.Core.Search.Indexing;

/// <summary>
/// What one version of a resource puts into the search index, for all parameters of its type. Where each value goes is decided by
/// <see cref="TypeLayout"/>; the tables are in docs/storage.md.
/// </summary>
public sealed class IndexEntries
{
    /// <summary><see cref="SearchDefinitions.Generation"/> of the definitions they were made by.</summary>
    public long Generation { get; init; }

    /// <summary>One value per column of <see cref="TypeLayout.Columns"/>, in that order.</summary>
    public required ImmutableArray<ColumnValue> Columns { get; init; }

    /// <summary>64-bit hashes for the terms array: distinct, ascending.</summary>
    public ImmutableArray<long> Terms { get; init; } = [];

    /// <summary>64-bit hashes of near-unique tokens (identifiers): distinct, ascending. Table ident_….</summary>
    public ImmutableArray<long> Identifiers { get; init; } = [];

    /// <summary>Table ref_…: distinct, in order.</summary>
    public ImmutableArray<ReferenceEntry> References { get; init; } = [];

    /// <summary>Table str_…: distinct, in order.</summary>
    public ImmutableArray<StringEntry> Strings { get; init; } = [];

    /// <summary>Table num_…: distinct, in order.</summary>
    public ImmutableArray<NumberEntry> Numbers { get; init; } = [];

    /// <summary>Table date_…: distinct, in order.</summary>
    public ImmutableArray<DateEntry> Dates { get; init; } = [];

    /// <summary>Table lex_…: distinct, in order of their hashes.</summary>
    public ImmutableArray<LexiconEntry> Lexicon { get; init; } = [];

    /// <summary>The words of the narrative, for _text; null if there is none. Table text_….</summary>
    public TextWords? Narrative { get; init; }

    /// <summary>The words of the whole resource, for _content; null if there are none, or _content is off. Table content_….</summary>
    public TextWords? Content { get; init; }
}

/// <summary>The value of one typed column. Default is SQL null.</summary>
public readonly record struct ColumnValue
{
    // Instants, hashes and coordinates share one field: a row has many columns, and most of them are null.
    private readonly long bits;

    private ColumnValue(ColumnKind kind, long bits = 0) => (Kind, HasValue, this.bits) = (kind, true, bits);

    public bool HasValue { get; }
    public ColumnKind Kind { get; }
    public ResourceKey Reference { get; private init; }
    public decimal Number { get; private init; }
    public string? Text { get; private init; }
    public DateTimeOffset Instant => new(bits, TimeSpan.Zero);
    public long Hash => bits;
    public double Coordinate => BitConverter.Int64BitsToDouble(bits);

    public static ColumnValue Of(ResourceKey reference) => new(ColumnKind.Reference) { Reference = reference };
    public static ColumnValue Of(DateTimeOffset instant) => new(ColumnKind.Instant, instant.UtcTicks);
    public static ColumnValue Of(decimal number) => new(ColumnKind.Number) { Number = number };
    public static ColumnValue Of(long hash) => new(ColumnKind.Hash, hash);
    public static ColumnValue Of(string text) => new(ColumnKind.Text) { Text = text };
    public static ColumnValue Of(double coordinate) => new(ColumnKind.Coordinate, BitConverter.DoubleToInt64Bits(coordinate));
}

/// <summary>How a typed column is stored: bigint (rid of the target), timestamptz, numeric, bigint, text collate "C", float8.</summary>
public enum ColumnKind { Reference, Instant, Number, Hash, Text, Coordinate }

/// <param name="Parameter">The 32-bit hash of the parameter's code (<see cref="Hashing"/>).</param>
public readonly record struct ReferenceEntry(int Parameter, ResourceKey Target);

/// <param name="Normalized">As semantics.md says: NFKD, no combining marks, case folded.</param>
public readonly record struct StringEntry(int Parameter, string Normalized, string Exact);

/// <param name="Hash">Of the parameter, and the unit or the first component of a composite where there is one.</param>
public readonly record struct NumberEntry(long Hash, decimal Low, decimal High);

public readonly record struct DateEntry(long Hash, DateTimeOffset Low, DateTimeOffset High);
