using System.Collections.Immutable;

using EventFhir.Model.Definitions;
using EventFhir.Model.FhirPath.Operations;

namespace EventFhir.Model.FhirPath;

/// <summary>
/// Checks an expression against the definitions without running it: elements that a type does not have, casts to a type the element cannot have,
/// and picking by position from a collection that has no order. Where a type cannot be told it assumes nothing.
/// </summary>
internal sealed class StaticTypes(Release release, TypeDefinition context)
{
    private static readonly string[] Ordered = ["first", "last", "tail", "skip", "take"];
    private static readonly string[] Keeping =
        ["where", "first", "last", "tail", "skip", "take", "trace", "single", "distinct", "exclude", "intersect"];

    /// <summary>Null if nothing is wrong.</summary>
    public FhirPathError? Check(FhirPathNode node)
    {
        try
        {
            TypesOf(node, [context]);
            return null;
        }
        catch (FhirPathException exception)
        {
            return exception.Error;
        }
    }

    /// <summary>The types the result may have; empty where they cannot be told.</summary>
    private ImmutableArray<TypeDefinition> TypesOf(FhirPathNode node, ImmutableArray<TypeDefinition> focus)
    {
        switch (node)
        {
            case FhirPathNode.This: return focus;
            case FhirPathNode.Member member: return Step(member, focus);
            case FhirPathNode.Call call: return Call(call, focus);
            case FhirPathNode.Indexer indexer:
                TypesOf(indexer.At, focus);
                return TypesOf(indexer.Source, focus);
            case FhirPathNode.Typed typed: return Cast(typed.Type, TypesOf(typed.Operand, focus), typed.Test, typed.Position);
            case FhirPathNode.Negate negate: return TypesOf(negate.Operand, focus);
            case FhirPathNode.Binary binary:
                var (left, right) = (TypesOf(binary.Left, focus), TypesOf(binary.Right, focus));
                return binary.Operator is FhirPathOperator.Union && !left.IsEmpty && !right.IsEmpty ? [.. left.Union(right)] : [];
            default: return [];
        }
    }

    private ImmutableArray<TypeDefinition> Step(FhirPathNode.Member member, ImmutableArray<TypeDefinition> focus)
    {
        if (member.Source is null && char.IsAsciiLetterUpper(member.Name[0]) && release.FindType(member.Name) is { } start)
        {
            if (!focus.IsEmpty && !focus.Any(type => type.Is(start) || start.Is(type)))
                throw FhirPathException.Semantic($"The context is no {start.Name}.", member.Position);
            return [start];
        }
        var source = member.Source is null ? focus : TypesOf(member.Source, focus);
        // Of an abstract type such as Resource more may be known only at run time.
        if (source.IsEmpty || source.Any(type => type.IsAbstract)) return [];
        var elements = source.Select(type => type.FindElement(member.Name)).OfType<ElementDefinition>().ToList();
        if (elements.Count == 0) throw FhirPathException.Semantic($"{source[0].Name} has no element {member.Name}.", member.Position);
        return [.. elements.SelectMany(element => element.Types).Select(type => type.Type).Distinct()];
    }

    private ImmutableArray<TypeDefinition> Call(FhirPathNode.Call call, ImmutableArray<TypeDefinition> focus)
    {
        var source = call.Source is null ? focus : TypesOf(call.Source, focus);
        if (Ordered.Contains(call.Name) && call.Source is FhirPathNode.Call { Name: "children" or "descendants" })
            throw FhirPathException.Semantic($"Children have no order, so {call.Name}() has no meaning here.", call.Position);
        if (call.Name is "is" or "as" or "ofType") return [];
        var isLambda = call.Name is "where" or "select" or "exists" or "all" or "repeat" or "sort" or "aggregate";
        var arguments = call.Arguments.Select(argument => TypesOf(argument, isLambda ? source : focus)).ToList();
        if (Keeping.Contains(call.Name)) return source;
        return call.Name is "select" ? arguments[0] : [];
    }

    private ImmutableArray<TypeDefinition> Cast(TypeSpecifier specifier, ImmutableArray<TypeDefinition> source, TypeTest test, int position)
    {
        if (ResolvedType.Of(specifier, release)?.Fhir is not { } target) return [];
        if (test is TypeTest.Is) return [];
        if (!source.IsEmpty && !source.Any(type => type.Is(target) || target.Is(type)))
            throw FhirPathException.Semantic($"The element cannot have the type {target.Name}.", position);
        return [target];
    }
}
