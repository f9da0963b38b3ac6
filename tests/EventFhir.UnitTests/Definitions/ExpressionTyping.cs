using System.Collections.Immutable;

using EventFhir.Model.Definitions;
using EventFhir.Model.FhirPath;

namespace EventFhir.UnitTests.Definitions;

/// <summary>Walks an expression over the definitions and notes each step that leads nowhere. An empty set of types means: not known.</summary>
/// <param name="root">The resource that the expression is evaluated in; null for the rules of data types, which stand in many.</param>
/// <param name="start">What it is evaluated on.</param>
internal sealed class ExpressionTyping(Release release, TypeDefinition? root, ImmutableHashSet<TypeDefinition> start)
{
    private static readonly ImmutableHashSet<TypeDefinition> Unknown = [];
    private static readonly HashSet<string> Filters =
        ["where", "first", "last", "tail", "skip", "take", "trace", "single", "distinct", "exclude", "intersect", "repeat"];

    private static readonly HashSet<string> Lambdas = ["where", "select", "all", "exists", "repeat", "trace", "iif"];

    public List<string> Problems { get; } = [];

    public ImmutableHashSet<TypeDefinition> TypesOf(FhirPathNode node, ImmutableHashSet<TypeDefinition> context) => node switch
    {
        FhirPathNode.Member { Source: null } member when release.FindType(member.Name) is { } type && char.IsUpper(member.Name[0]) => [type],
        FhirPathNode.Member member => Children(member.Source is null ? context : TypesOf(member.Source, context), member.Name),
        FhirPathNode.Call call => Call(call, context),
        FhirPathNode.Indexer indexer => TypesOf(indexer.Source, context),
        FhirPathNode.Binary binary => Binary(binary, context),
        FhirPathNode.Typed typed => Typed(typed, context),
        FhirPathNode.Variable { Name: "resource" or "rootResource" } => root is null ? Unknown : [root],
        FhirPathNode.This => context,
        FhirPathNode.Variable { Name: "context" } => start,
        _ => Unknown,
    };

    private ImmutableHashSet<TypeDefinition> Children(ImmutableHashSet<TypeDefinition> parents, string name)
    {
        // A resource within a resource may be of any type.
        if (parents.IsEmpty || parents.Any(parent => parent.IsResource && parent.IsAbstract)) return Unknown;
        var children = parents.Select(parent => parent.FindElement(name)).OfType<ElementDefinition>().ToList();
        if (children.Count == 0) Problems.Add($"{name} is no element of {string.Join(", ", parents)}");
        return [.. children.SelectMany(child => child.Types).Select(type => type.Type)];
    }

    private ImmutableHashSet<TypeDefinition> Call(FhirPathNode.Call call, ImmutableHashSet<TypeDefinition> context)
    {
        var source = call.Source is null ? context : TypesOf(call.Source, context);
        if (call.Name is "as" or "ofType" or "is") return Named(call.Name, source, TypeName(call.Arguments[0]));
        var within = Lambdas.Contains(call.Name) ? source : context;
        var arguments = call.Arguments.Select(argument => TypesOf(argument, within)).ToList();
        if (Filters.Contains(call.Name)) return source;
        return call.Name switch
        {
            "select" => arguments[0],
            "extension" => [release.FindType("Extension")!],
            _ => Unknown,
        };
    }

    private ImmutableHashSet<TypeDefinition> Binary(FhirPathNode.Binary binary, ImmutableHashSet<TypeDefinition> context)
    {
        var (left, right) = (TypesOf(binary.Left, context), TypesOf(binary.Right, context));
        return binary.Operator is FhirPathOperator.Union && !left.IsEmpty && !right.IsEmpty ? left.Union(right) : Unknown;
    }

    private ImmutableHashSet<TypeDefinition> Typed(FhirPathNode.Typed typed, ImmutableHashSet<TypeDefinition> context) =>
        Named(typed.Test is TypeTest.Is ? "is" : "as", TypesOf(typed.Operand, context), typed.Type.Name);

    private ImmutableHashSet<TypeDefinition> Named(string test, ImmutableHashSet<TypeDefinition> source, string name)
    {
        if (release.FindType(name) is not { } type)
        {
            Problems.Add($"{name} is no type");
            return Unknown;
        }
        if (!source.IsEmpty && !source.Any(known => known.Is(type) || type.Is(known))) Problems.Add($"{name} is none of {string.Join(", ", source)}");
        return test == "is" ? Unknown : [type];
    }

    private static string TypeName(FhirPathNode node) => node is FhirPathNode.Member member ? member.Name : node.ToString();
}
