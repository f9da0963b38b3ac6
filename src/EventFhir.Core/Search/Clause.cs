using System.Collections.Immutable;

using EventFhir.Core.Search.Words;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search;

/// <summary>A condition on one resource.</summary>
public abstract record Clause
{
    private Clause() { }

    /// <summary>The parameter has at least one of these values.</summary>
    public sealed record Matches(SearchParameterDefinition Parameter, ImmutableArray<SearchValue> Values) : Clause;

    /// <summary>The resource holds no value for the parameter.</summary>
    public sealed record Missing(SearchParameterDefinition Parameter) : Clause;

    public sealed record Not(Clause Inner) : Clause;

    /// <summary>All of these hold.</summary>
    public sealed record AllOf(ImmutableArray<Clause> Clauses) : Clause;

    /// <summary>At least one of these holds.</summary>
    public sealed record AnyOf(ImmutableArray<Clause> Clauses) : Clause;

    /// <summary>The reference parameter points to a resource that matches one of the targets (chaining, R4 search.html#chaining).</summary>
    public sealed record Chain(SearchParameterDefinition Parameter, ImmutableArray<TypeQuery> Targets) : Clause;

    /// <summary>A resource that matches the source points here through its reference parameter (_has, R4 search.html#has).</summary>
    public sealed record Has(SearchParameterDefinition Parameter, TypeQuery Source) : Clause;

    /// <summary>A text of the resource says this (_text, _content).</summary>
    public sealed record Words(WordSource Source, WordQuery Query) : Clause;

    /// <summary>The resource contains one of these types (_contained, R4 search.html#contained).</summary>
    public sealed record Contains(ImmutableArray<TypeDefinition> Types) : Clause
    {
        /// <summary>A reference parameter with a value that is no key, as those to contained resources are; null if it does not matter.</summary>
        public SearchParameterDefinition? Reference { get; init; }
    }

    /// <summary>The logical id is one of these.</summary>
    public sealed record Id(ImmutableArray<string> Ids) : Clause;

    /// <summary>meta.lastUpdated, as the server set it, has one of these values.</summary>
    public sealed record LastUpdated(ImmutableArray<SearchValue.Date> Values) : Clause;
}
