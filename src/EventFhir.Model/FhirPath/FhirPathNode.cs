using System.Collections.Immutable;

namespace EventFhir.Model.FhirPath;

public enum FhirPathOperator
{
    Multiply, Divide, IntegerDivide, Modulo,
    Add, Subtract, Concatenate,
    Union,
    Less, LessOrEqual, Greater, GreaterOrEqual,
    Equal, NotEqual, Equivalent, NotEquivalent,
    In, Contains,
    And, Or, Xor, Implies,
}

public enum TypeTest { Is, As }

/// <summary>A type name as written: "Patient", "FHIR.Patient" or "System.String".</summary>
public sealed record TypeSpecifier(string? Namespace, string Name)
{
    public override string ToString() => Namespace is null ? Name : $"{Namespace}.{Name}";
}

/// <summary>The syntax tree of a FHIRPath expression (FHIRPath N1, the grammar of appendix B). Immutable, and without any meaning resolved.</summary>
/// <param name="Position">0-based offset in the text, in characters.</param>
public abstract record FhirPathNode(int Position)
{
    /// <summary>A literal: <c>true</c>, <c>'text'</c>, <c>1.50</c>, <c>@2014-01</c>, <c>4 'mg'</c>.</summary>
    public sealed record Literal(int Position, FhirPathValue Value) : FhirPathNode(Position);

    /// <summary><c>{}</c></summary>
    public sealed record Empty(int Position) : FhirPathNode(Position);

    /// <summary>A path step: <c>source.name</c>; without source, a step from the context item, or the name of its type.</summary>
    public sealed record Member(int Position, FhirPathNode? Source, string Name) : FhirPathNode(Position);

    /// <summary>A function: <c>source.name(arguments)</c>; without source, on the context item.</summary>
    public sealed record Call(int Position, FhirPathNode? Source, string Name, ImmutableArray<FhirPathNode> Arguments) : FhirPathNode(Position);

    /// <summary><c>source[index]</c></summary>
    public sealed record Indexer(int Position, FhirPathNode Source, FhirPathNode At) : FhirPathNode(Position);

    /// <summary><c>-operand</c>; a plus sign leaves no node.</summary>
    public sealed record Negate(int Position, FhirPathNode Operand) : FhirPathNode(Position);

    public sealed record Binary(int Position, FhirPathOperator Operator, FhirPathNode Left, FhirPathNode Right) : FhirPathNode(Position);

    /// <summary><c>operand is type</c> and <c>operand as type</c>; the function forms are <see cref="Call"/>.</summary>
    public sealed record Typed(int Position, TypeTest Test, FhirPathNode Operand, TypeSpecifier Type) : FhirPathNode(Position);

    /// <summary><c>%resource</c>, <c>%`vs-name`</c>: the name without the percent sign.</summary>
    public sealed record Variable(int Position, string Name) : FhirPathNode(Position);

    /// <summary><c>$this</c></summary>
    public sealed record This(int Position) : FhirPathNode(Position);

    /// <summary><c>$index</c></summary>
    public sealed record Place(int Position) : FhirPathNode(Position);

    /// <summary><c>$total</c></summary>
    public sealed record Total(int Position) : FhirPathNode(Position);
}
