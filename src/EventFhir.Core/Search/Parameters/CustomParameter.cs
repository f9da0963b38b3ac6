using System.Collections.Immutable;

using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search.Parameters;

/// <summary>How far a custom search parameter is. The numbers are stored.</summary>
public enum ParameterState : short
{
    /// <summary>It is indexed as soon as the rows of an earlier one with its code are gone.</summary>
    Waiting = 1,

    /// <summary>Every write extracts it, and the resources written before are being gone through; no search can use it yet.</summary>
    Indexing = 2,

    Usable = 3,

    /// <summary>No write extracts it and no search knows it; its rows are being removed.</summary>
    Dropping = 4,
}

/// <summary>What a SearchParameter resource defines.</summary>
/// <param name="Bases">As given, so Resource and DomainResource may be among them.</param>
/// <param name="Expression">As given: a union over all bases.</param>
/// <param name="Targets">For references; empty means any.</param>
public sealed record CustomDefinition(
    string Url,
    string Code,
    SearchParameterType Type,
    ImmutableArray<TypeDefinition> Bases,
    string Expression,
    ImmutableArray<TypeDefinition> Targets)
{
    /// <summary>For composites: parameters of the specification, each with its expression on what <see cref="Expression"/> leads to.</summary>
    public ImmutableArray<CompositeComponent> Components { get; init; } = [];

    public bool AppliesTo(TypeDefinition type) => BaseOf(type) is not null;

    /// <summary>The parameter as it applies to one concrete resource type; null if it does not.</summary>
    public SearchParameterDefinition? On(Release release, TypeDefinition type) => BaseOf(type) is { } @base
        ? new SearchParameterDefinition(@base, Code, Url, Type, UnionBranches.On(release, type, Expression), Targets, Components)
        : null;

    private TypeDefinition? BaseOf(TypeDefinition type)
    {
        foreach (var each in Bases)
            if (type.Is(each)) return each;
        return null;
    }
}

/// <summary>How many resources have been gone through, of how many there were at the beginning:
/// a gauge, which moves while definitions stay.</summary>
public sealed class IndexingProgress(long done, long total)
{
    private long done = done;
    private long total = total;

    public long Done => Volatile.Read(ref done);
    public long Total => Volatile.Read(ref total);

    public void Move(IndexingProgress to)
    {
        Volatile.Write(ref done, to.Done);
        Volatile.Write(ref total, to.Total);
    }
}

/// <summary>A search parameter that a client defined by storing a SearchParameter resource.</summary>
/// <param name="Id">Its number in the database; a changed definition is a new one.</param>
/// <param name="Owner">The id of the SearchParameter resource.</param>
/// <param name="Progress">Of indexing or dropping.</param>
public sealed record CustomParameter(int Id, string Owner, CustomDefinition Definition, ParameterState State, IndexingProgress Progress)
{
    /// <summary>True if each write puts its values into the index.</summary>
    public bool IsExtracted => State is ParameterState.Indexing or ParameterState.Usable;
}
