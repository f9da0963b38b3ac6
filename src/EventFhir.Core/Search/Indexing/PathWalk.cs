using System.Text;

using EventFhir.Model.Elements;

namespace EventFhir.Core.Search.Indexing;

/// <summary>Runs compiled paths over a resource. Hot path, measured by Benchmarks.</summary>
internal static class PathWalk
{
    /// <summary>Adds every element that the path leads to, in document order.</summary>
    public static void Collect(SearchPath path, Element context, List<Element> into) =>
        Collect(path.Steps.AsSpan(), path.Origin is PathOrigin.Resource ? context.Resource.Root : context, into);

    private static void Collect(ReadOnlySpan<PathStep> steps, Element element, List<Element> into)
    {
        if (steps.IsEmpty)
        {
            into.Add(element);
            return;
        }
        switch (steps[0])
        {
            case PathStep.Child child:
                CollectChildren(child, steps[1..], element, into);
                break;
            case PathStep.As cast:
                if (cast.Takes(element.Type)) Collect(steps[1..], element, into);
                break;
            case PathStep.WhereChildIs condition:
                if (HasChild(element, condition)) Collect(steps[1..], element, into);
                break;
            case PathStep.WhereResolvesTo condition:
                if (ReferenceTarget.TypeOf(element)?.Is(condition.Type) is true) Collect(steps[1..], element, into);
                break;
            case PathStep.WhereHasExtension condition:
                if (FindExtension(element, condition.Url).Exists()) Collect(steps[1..], element, into);
                break;
            case PathStep.Extension extension:
                foreach (var child in element.ChildrenNamed("extension"))
                    if (IsExtension(child, extension.Url)) Collect(steps[1..], child, into);
                break;
        }
    }

    private static void CollectChildren(PathStep.Child step, ReadOnlySpan<PathStep> rest, Element element, List<Element> into)
    {
        var index = 0;
        foreach (var child in element.ChildrenNamed(step.Name))
            if (step.Index is null || step.Index == index++) Collect(rest, child, into);
    }

    private static bool HasChild(Element element, PathStep.WhereChildIs condition)
    {
        // In FHIRPath a list of several is never equal to one text.
        var only = default(Element);
        foreach (var child in element.ChildrenNamed(condition.Name))
        {
            if (only.Exists()) return false;
            only = child;
        }
        return only.Exists() && only.ValueEquals(condition.Utf8);
    }

    private static Element FindExtension(Element element, string url)
    {
        foreach (var child in element.ChildrenNamed("extension"))
            if (IsExtension(child, url)) return child;
        return default;
    }

    private static bool IsExtension(Element extension, string url) =>
        extension.ValueOf("url") is { Resource: not null } own && own.ValueEquals(Encoding.UTF8.GetBytes(url));
}
