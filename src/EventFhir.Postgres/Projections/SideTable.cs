using System.Collections.Immutable;

using EventFhir.Core.Search.Indexing;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Projections;

/// <summary>How a value travels to the database and what it is there.</summary>
internal enum ValueKind { Reference, Instant, Number, Hash, Text, Coordinate, Parameter, Words }

/// <param name="Name">The column.</param>
internal sealed record SideColumn(string Name, ValueKind Kind);

/// <summary>One of the kinds of side tables of layout G: ident_…, ref_…, str_…, num_…, date_…, text_…, content_… (docs/storage.md).</summary>
/// <param name="Lookup">The key of the index that searches use, without the rid at its end; null: a GIN over the one column.</param>
/// <param name="Form">Counts up when the same resource gives other rows than before, so that a rebuild is asked for.</param>
internal sealed record SideTable(SideTables Flag, string Prefix, ImmutableArray<SideColumn> Columns, SqlText? Lookup, int Form = 1)
{
    /// <summary>A B-tree row must fit a third of a page, so long texts are indexed by their beginning; the search rechecks the rest.</summary>
    public const int TextPrefixLength = 200;

    public static ImmutableArray<SideTable> All { get; } =
    [
        new(SideTables.Identifiers, "ident", [new("hash", ValueKind.Hash)], SqlWriter.Text($"hash")),
        new(
            SideTables.References, "ref",
            [new("parameter", ValueKind.Parameter), new("target", ValueKind.Reference)], SqlWriter.Text($"parameter, target")),
        new(
            SideTables.Strings, "str",
            [new("parameter", ValueKind.Parameter), new("normalized", ValueKind.Text), new("exact", ValueKind.Text)],
            SqlWriter.Text($"parameter, left(normalized, 200)"), Form: 2),
        new(
            SideTables.Numbers, "num",
            [new("hash", ValueKind.Hash), new("low", ValueKind.Number), new("high", ValueKind.Number)], SqlWriter.Text($"hash, low, high")),
        new(
            SideTables.Dates, "date",
            [new("hash", ValueKind.Hash), new("low", ValueKind.Instant), new("high", ValueKind.Instant)], SqlWriter.Text($"hash, low, high")),
        new(SideTables.Text, "text", [new("words", ValueKind.Words)], Lookup: null, Form: 2),
        new(SideTables.Content, "content", [new("words", ValueKind.Words)], Lookup: null),
    ];
}
