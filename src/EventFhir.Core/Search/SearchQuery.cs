using System.Collections.Immutable;

using EventFhir.Model;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search;

/// <summary>
/// A search as data: what has to hold of a resource for each type that is searched, and how the answer is to look. The parser makes it,
/// <c>SearchCompiler</c> turns it into SQL, <see cref="SearchMatcher"/> evaluates it in memory.
/// </summary>
/// <param name="Definitions">Those it was read with; what answers it looks up there where values are stored.</param>
/// <param name="Types">The types searched, each once; a resource matches if it is of one of them and all clauses of that type hold.</param>
/// <param name="Used">The parameters that took effect, in the order given: the self link lists exactly these.</param>
public sealed record SearchQuery(
    SearchDefinitions Definitions, ImmutableArray<TypeQuery> Types, ResultShape Result, ImmutableArray<QueryParameter> Used)
{
    /// <summary>Of this server: what is compared in memory takes absolute references below it for relative ones.</summary>
    public string BaseUrl { get; init; } = "";
}

/// <summary>Resources of one type for which every clause holds.</summary>
public sealed record TypeQuery(TypeDefinition Type, ImmutableArray<Clause> Clauses);

/// <summary>A name and value of a query string, decoded: "subject:Patient.name", "peter".</summary>
public readonly record struct QueryParameter(string Name, string Value);

/// <summary>How matches are ordered, counted, completed and cut down (R4 search.html#return).</summary>
/// <param name="Count">Matches per page; 0 asks for the total only.</param>
/// <param name="Total">Null if the request does not say.</param>
/// <param name="Elements">The elements asked for with _elements; empty for all.</param>
public sealed record ResultShape(
    ImmutableArray<SortKey> Sort,
    int Count,
    TotalMode? Total,
    ImmutableArray<Include> Includes,
    SummaryMode Summary,
    ImmutableArray<string> Elements)
{
    /// <summary>Null if contained resources are left alone, as they are by default.</summary>
    public ContainedSearch? Contained { get; init; }

    public static readonly ResultShape Default = new([], Limits.PageSizeDefault, null, [], SummaryMode.None, []);
}

public enum TotalMode { None, Estimate, Accurate }

public enum SummaryMode { None, True, Text, Data, Count }

public enum IncludeDirection { Forward, Reverse }

public enum IncludeRounds { Once, Iterate }

/// <summary>One _include or _revinclude (R4 search.html#revinclude).</summary>
/// <param name="Source">The type that holds the reference.</param>
/// <param name="Parameters">The reference parameters of the source that are followed.</param>
/// <param name="Target">The type pointed to; null for any.</param>
public sealed record Include(
    IncludeDirection Direction,
    IncludeRounds Rounds,
    TypeDefinition Source,
    ImmutableArray<SearchParameterDefinition> Parameters,
    TypeDefinition? Target);
