using EventFhir.Model.Elements;
using EventFhir.Model.FhirPath.Operations;

namespace EventFhir.Model.FhirPath.Functions;

/// <summary>
/// resolve(): follows references, canonicals and URIs: contained resources and entries of the same Bundle, else the caller's resolver.
/// </summary>
internal static class References
{
    public static void Resolve(Evaluation evaluation, int start, Operation[] arguments)
    {
        var kept = start;
        for (var at = start; at < evaluation.Count; at++)
        {
            evaluation.Step();
            var target = evaluation[at].IsElement ? FollowElement(evaluation, evaluation[at].Element)
                : evaluation[at].Kind is FhirPathKind.String ? Follow(evaluation, evaluation.Focus, evaluation[at].Text)
                : null;
            if (target is { } found) evaluation[kept++] = FhirPathValue.Of(found);
        }
        evaluation.Truncate(kept);
    }

    private static Element? FollowElement(Evaluation evaluation, Element element)
    {
        if (element.Type.IsPrimitive) return element.HasValue ? Follow(evaluation, element, element.Text) : null;
        return element.FirstChild("reference") is { HasValue: true } reference ? Follow(evaluation, element, reference.Text) : null;
    }

    private static Element? Follow(Evaluation evaluation, Element from, string reference)
    {
        if (reference.StartsWith('#')) return Contained(evaluation, from, reference[1..]);
        return InBundle(evaluation, from, reference) ?? evaluation.Context.Resolver?.Invoke(reference);
    }

    /// <summary>"#" alone is the container itself.</summary>
    private static Element? Contained(Evaluation evaluation, Element from, string id)
    {
        for (var holder = from; ; holder = holder.Parent)
        {
            if (holder.Type.IsResource && holder.Definition is not { Name: "contained" })
            {
                if (id.Length == 0) return holder;
                foreach (var contained in holder.ChildrenNamed("contained"))
                {
                    evaluation.Step();
                    if (contained.FirstChild("id") is { } own && own.Text == id) return contained;
                }
                return null;
            }
            if (holder.IsRoot) return null;
        }
    }

    /// <summary>By fullUrl; a relative reference also by type and id at the end of one (R4 bundle.html#references).</summary>
    private static Element? InBundle(Evaluation evaluation, Element from, string reference)
    {
        var root = from.Resource.Root;
        var version = reference.IndexOf("/_history/", StringComparison.Ordinal);
        var target = version < 0 ? reference : reference[..version];
        var isRelative = !target.Contains(':', StringComparison.Ordinal);
        foreach (var entry in root.ChildrenNamed("entry"))
        {
            evaluation.Step();
            if (entry.FirstChild("fullUrl") is not { HasValue: true } fullUrl || entry.FirstChild("resource") is not { } resource) continue;
            if (fullUrl.Text == target || (isRelative && fullUrl.Text.EndsWith("/" + target, StringComparison.Ordinal))) return resource;
        }
        return null;
    }
}
