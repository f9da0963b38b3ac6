using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search;

/// <summary>Which way a hierarchy is gone through: Above leads to the parent, Below to the children (R4 search.html#recursive).</summary>
public enum LineageDirection { Above, Below }

/// <summary>A place in a hierarchy of resources: itself and all above or below it are meant.</summary>
/// <param name="Parent">The parameter of the type by which a resource names its parent; null: the type has no hierarchy, so only itself is
/// meant.</param>
public sealed record LineagePlace(TypeDefinition Type, string Id, SearchParameterDefinition? Parent);

/// <summary>Where :above and :below apply to references: the specification marks the elements that make a strict hierarchy, as
/// Location.partOf.</summary>
internal static class Lineages
{
    /// <summary>The parameter by which resources of the target type name their parent; null if there is none, or several to choose from.</summary>
    /// <param name="parameter">One that points to the target; if it makes a hierarchy itself, that is the one.</param>
    public static SearchParameterDefinition? ParentOf(SearchDefinitions definitions, TypeDefinition target, SearchParameterDefinition parameter)
    {
        SearchParameterDefinition? found = null;
        var count = 0;
        foreach (var each in definitions.ParametersOf(target))
        {
            if (!IsHierarchy(definitions, target, each)) continue;
            if (each == parameter) return each;
            (found, count) = (each, count + 1);
        }
        return count == 1 ? found : null;
    }

    private static bool IsHierarchy(SearchDefinitions definitions, TypeDefinition type, SearchParameterDefinition parameter) =>
        parameter.Type is SearchParameterType.Reference
        && definitions.LayoutOf(type).Find(parameter.Code) is ParameterPlacement.ReferenceColumn or ParameterPlacement.ReferenceRows
        && definitions.LayoutOf(type).Find(parameter.Code)!.Expression.Paths is [{ Steps: [PathStep.Child { Index: null } child] }]
        && type.FindElement(child.Name) is { IsHierarchical: true };
}
