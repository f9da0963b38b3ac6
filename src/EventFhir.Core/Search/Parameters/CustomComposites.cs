using System.Collections.Immutable;

using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.Core.Search.Parameters;

/// <summary>The components of composites that clients define (R4 searchparameter.html#SearchParameter.component).</summary>
internal static class CustomComposites
{
    public static ImmutableArray<CompositeComponent> Read(Element root)
    {
        var components = ImmutableArray.CreateBuilder<CompositeComponent>();
        foreach (var element in root.ChildrenNamed("component"))
        {
            var definition = Text(element, "definition");
            var bar = definition.IndexOf('|');
            components.Add(new CompositeComponent(bar < 0 ? definition : definition[..bar], Text(element, "expression")));
        }
        return components.ToImmutable();
    }

    /// <summary>What about the components cannot be carried out on a type; null if nothing.</summary>
    public static string? Fault(Release release, TypeDefinition type, CustomDefinition definition, SearchExpression whole)
    {
        if (definition.Components.Length < 2) return "must be there at least twice in a composite.";
        if (!whole.IsCompiled) return $"on {type.Name}: the elements that the composite is about are no path.";
        var extension = release.FindType("Extension")!;
        var contexts = whole.Paths.SelectMany(path => PathTyping.Targets(type, extension, path)).Select(target => target.Type).Distinct().ToList();
        foreach (var component in definition.Components)
        {
            if (release.FindSearchParameter(component.Definition) is not { Type: var part })
                return $"names {component.Definition}, which is no search parameter of the specification.";
            var expression = SearchExpression.Of(release, component.Expression);
            if (!expression.IsCompiled) return $"on {type.Name}: '{component.Expression}' is no path.";
            var values = expression.Paths.SelectMany(path => contexts.SelectMany(context => PathTyping.Targets(context, extension, path))).ToList();
            if (!values.Exists(value => ValueTyping.Fits(part, value.Type)))
                return $"on {type.Name}: '{component.Expression}' leads to no value that a parameter of type "
                    + $"{part.ToString().ToLowerInvariant()} can hold.";
        }
        return CompositePlan.IsStorable(release, definition.Components)
            ? null
            : "must be tokens, references and URIs first, then at most one of another type, or two numbers.";
    }

    private static string Text(Element element, string name) => element.FirstChild(name) is { HasValue: true } child ? child.Text : "";
}
