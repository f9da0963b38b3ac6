using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search.Indexing;

/// <summary>What a path may lead to, by the definitions alone.</summary>
/// <param name="Element">The last element named; null for the resource itself.</param>
internal readonly record struct PathTarget(TypeDefinition Type, ElementDefinition? Element, Occurrence Occurrence);

/// <summary>How often a path has a value.</summary>
internal enum Occurrence { AtMostOnce, Always, Repeating }

/// <summary>Static analysis of search expressions over the definitions of a resource type.</summary>
internal static class PathTyping
{
    /// <summary>The values a path may have on a resource type (or on another type, for the components of composites).</summary>
    public static IReadOnlyList<PathTarget> Targets(TypeDefinition start, TypeDefinition extension, SearchPath path)
    {
        List<PathTarget> targets = [new(start, null, Occurrence.Always)];
        foreach (var step in path.Steps)
            targets = [.. targets.SelectMany(target => After(target, extension, step)).Distinct()];
        return targets;
    }

    /// <summary>True if at most one element of a resource matches any of the paths: they differ only in the type they pick of one element.</summary>
    public static bool IsSingle(TypeDefinition start, TypeDefinition extension, IReadOnlyList<SearchPath> paths)
    {
        var elements = paths.SelectMany(path => Targets(start, extension, path)).ToList();
        return elements.TrueForAll(target => target.Occurrence is not Occurrence.Repeating)
            && paths.Select(Names).Distinct(StringComparer.Ordinal).Count() == 1;
    }

    /// <summary>True if the paths lead to media types alone.</summary>
    public static bool IsMediaType(TypeDefinition start, TypeDefinition extension, IReadOnlyList<SearchPath> paths)
    {
        var elements = paths.SelectMany(path => Targets(start, extension, path)).ToList();
        return elements.Count > 0 && elements.TrueForAll(target => target.Element?.Binding?.ValueSet == "http://hl7.org/fhir/ValueSet/mimetypes");
    }

    private static string Names(SearchPath path) => string.Join('.', path.Steps.OfType<PathStep.Child>().Select(child => child.Name));

    private static IEnumerable<PathTarget> After(PathTarget target, TypeDefinition extension, PathStep step) => step switch
    {
        PathStep.Child child => Children(target, child),
        PathStep.As cast when cast.Takes(target.Type) => [target with { Occurrence = Filtered(target.Occurrence) }],
        PathStep.As cast when !cast.Type.IsPrimitive && cast.Type.Is(target.Type) =>
            [target with { Type = cast.Type, Occurrence = Filtered(target.Occurrence) }],
        PathStep.As => [],
        PathStep.Extension => [target with { Type = extension, Occurrence = Occurrence.Repeating }],
        _ => [target with { Occurrence = Filtered(target.Occurrence) }],
    };

    private static IEnumerable<PathTarget> Children(PathTarget target, PathStep.Child child)
    {
        if (target.Type.FindElement(child.Name) is not { } element) return [];
        var occurrence = (target.Occurrence, element) switch
        {
            (Occurrence.Repeating, _) => Occurrence.Repeating,
            (_, { IsRepeating: true }) => child.Index is null ? Occurrence.Repeating : Occurrence.AtMostOnce,
            (Occurrence.Always, { Min: > 0 }) => Occurrence.Always,
            _ => Occurrence.AtMostOnce,
        };
        return element.Types.Select(type => new PathTarget(type.Type, element, occurrence));
    }

    private static Occurrence Filtered(Occurrence occurrence) => occurrence is Occurrence.Always ? Occurrence.AtMostOnce : occurrence;
}
