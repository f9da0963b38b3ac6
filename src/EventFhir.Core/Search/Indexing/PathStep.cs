using System.Collections.Immutable;

using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search.Indexing;

/// <summary>One step of a <see cref="SearchPath"/>: the forms of FHIRPath that occur in the definitions of search parameters.</summary>
internal abstract record PathStep
{
    private PathStep() { }

    /// <summary><c>.name</c>, or <c>.name[index]</c> where there is one list to count in.</summary>
    public sealed record Child(string Name, int? Index = null) : PathStep;

    /// <summary><c>as Type</c>, <c>.as(Type)</c>, <c>.ofType(Type)</c></summary>
    public sealed record As(TypeDefinition Type) : PathStep
    {
        /// <summary>A canonical is no uri here: among primitives FHIRPath asks for the type itself.</summary>
        public bool Takes(TypeDefinition type) => Type.IsPrimitive ? type == Type : type.Is(Type);
    }

    /// <summary><c>.where(child = 'text')</c></summary>
    public sealed record WhereChildIs(string Name, string Text) : PathStep
    {
        public byte[] Utf8 { get; } = System.Text.Encoding.UTF8.GetBytes(Text);
        public bool Equals(WhereChildIs? other) => other is not null && Name == other.Name && Text == other.Text;
        public override int GetHashCode() => HashCode.Combine(Name, Text);
    }

    /// <summary><c>.where(resolve() is Type)</c></summary>
    public sealed record WhereResolvesTo(TypeDefinition Type) : PathStep;

    /// <summary><c>.where(hasExtension('url'))</c></summary>
    public sealed record WhereHasExtension(string Url) : PathStep;

    /// <summary><c>.extension('url')</c></summary>
    public sealed record Extension(string Url) : PathStep;
}

/// <summary>Where a path starts: at the resource, or at the element it is evaluated on (components of composites).</summary>
internal enum PathOrigin { Resource, Context }

/// <summary>One branch of the union that an expression is.</summary>
internal sealed record SearchPath(PathOrigin Origin, ImmutableArray<PathStep> Steps)
{
    public SearchPath Then(PathStep step) => this with { Steps = Steps.Add(step) };

    /// <summary>The path of a component that is evaluated on what this path leads to.</summary>
    public SearchPath Then(SearchPath component) =>
        component.Origin is PathOrigin.Resource ? component : this with { Steps = Steps.AddRange(component.Steps) };

    public bool Equals(SearchPath? other) => other is not null && Origin == other.Origin && Steps.AsSpan().SequenceEqual(other.Steps.AsSpan());

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var step in Steps) hash.Add(step);
        return hash.ToHashCode();
    }
}
