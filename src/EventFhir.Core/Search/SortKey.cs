using System.Collections.Immutable;
using System.Diagnostics;

using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search;

public enum SortDirection { Ascending, Descending }

/// <summary>One key of _sort. Resources without a value come last; of several values the lowest counts, or the highest when descending.</summary>
/// <param name="Code">As the query has it: "date", "subject:Patient.birthdate".</param>
/// <param name="Paths">One for each type that is searched, in their order; all of one kind.</param>
public sealed record SortKey(string Code, SortDirection Direction, ImmutableArray<SortPath> Paths)
{
    public SortKind Kind => Paths[0].Kind;
}

/// <summary>Keys of one kind can be compared with each other.</summary>
public enum SortKind { Instant, Number, Text }

/// <summary>How the values of a parameter become keys, by where the index has them. Texts are compared by code points, in their first 256
/// characters.</summary>
public enum SortOrder
{
    /// <summary>The beginning of a date or period.</summary>
    Instant,

    /// <summary>The lowest number that a number, range or quantity stands for, as it was given.</summary>
    Number,

    /// <summary>A string as it is compared in searches: without case and accents.</summary>
    Text,

    /// <summary>A code, as a string is; its system has no say.</summary>
    Code,

    /// <summary>A URI in full; a canonical with a version also without it.</summary>
    Uri,

    /// <summary>A canonical in full.</summary>
    Canonical,

    /// <summary>The value of an identifier or contact, a code among such, a URI that many resources share: as it stands in the resource.</summary>
    Literal,

    /// <summary>A reference to a resource of this server: "Type/id". Others count as missing.</summary>
    Key,
}

/// <summary>How the resources of one type come by the value that they are sorted by.</summary>
public abstract record SortPath
{
    private SortPath(TypeDefinition type) => Type = type;

    public TypeDefinition Type { get; }

    public SortKind Kind => this switch
    {
        Id => SortKind.Text,
        LastUpdated => SortKind.Instant,
        Score => SortKind.Number,
        Value { Order: SortOrder.Instant } => SortKind.Instant,
        Value { Order: SortOrder.Number } => SortKind.Number,
        Value => SortKind.Text,
        Chain chain => chain.Targets[0].Kind,
        _ => throw new UnreachableException($"{GetType().Name} has no kind."),
    };

    public sealed record Id(TypeDefinition Type) : SortPath(Type);

    public sealed record LastUpdated(TypeDefinition Type) : SortPath(Type);

    /// <summary>How well the words of the search are met.</summary>
    public sealed record Score(TypeDefinition Type) : SortPath(Type);

    /// <param name="JsonPaths">For <see cref="SortOrder.Literal"/>: where the texts stand (SQL/JSON paths).</param>
    public sealed record Value(
        TypeDefinition Type, SearchParameterDefinition Parameter, SortOrder Order, ImmutableArray<string> JsonPaths) : SortPath(Type);

    /// <summary>The values of the resources that a reference parameter points to.</summary>
    /// <param name="Targets">One for each type that is followed; all of one kind.</param>
    public sealed record Chain(TypeDefinition Type, SearchParameterDefinition Parameter, ImmutableArray<SortPath> Targets) : SortPath(Type);
}
