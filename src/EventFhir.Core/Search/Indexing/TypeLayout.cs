using System.Collections.Immutable;

using EventFhir.Core.Search.Parameters;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search.Indexing;

/// <summary>The side tables of layout G (docs/storage.md).</summary>
[Flags]
public enum SideTables { None = 0, Identifiers = 1, References = 2, Strings = 4, Numbers = 8, Dates = 16, Text = 32, Lexicon = 64, Content = 128 }

/// <param name="Name">Name in SQL, lower case with underscores: "subject", "date_lo", "value_quantity".</param>
public sealed record IndexColumn(string Name, ColumnKind Kind);

/// <summary>Where the search parameters of one resource type are stored: the columns of its x_ table and which side tables it has. Ask
/// <see cref="SearchDefinitions.LayoutOf"/> for it.</summary>
public sealed record TypeLayout(TypeDefinition Type, ImmutableArray<IndexColumn> Columns, SideTables SideTables)
{
    /// <summary>One for each parameter of the type, in the order of their codes.</summary>
    public ImmutableArray<ParameterPlacement> Placements { get; init; } = [];

    /// <summary>Codes of the specification's parameters that the configuration switched off, in order; nothing is stored for them.</summary>
    public ImmutableArray<string> Off { get; init; } = [];

    /// <summary>Side tables that custom parameters need, whether the type has them anyway or not. They do not count for the fingerprint.</summary>
    public SideTables CustomTables { get; init; }

    /// <summary>This layout and custom parameters.</summary>
    internal TypeLayout With(ImmutableArray<ParameterPlacement> customs) => this with
    {
        Placements = [.. Placements.Concat(customs).OrderBy(placement => placement.Parameter.Code, StringComparer.Ordinal)],
        CustomTables = customs.Aggregate(CustomTables, (tables, placement) => tables | CustomPlacement.TablesOf(placement)),
    };

    public ParameterPlacement? Find(string code)
    {
        foreach (var placement in Placements)
            if (placement.Parameter.Code == code) return placement;
        return null;
    }
}
