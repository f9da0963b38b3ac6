using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.Model.Validation;

/// <summary>
/// Frequent invariants for which a look at the children often shows that they hold, so that their expression need not be evaluated. (Those that the
/// readers enforce are marked as structural in the definitions, see corrections.json.) A test shows on the official examples that no row
/// changes an answer.
/// </summary>
/// <param name="Applies">True if the expression must be evaluated on the element.</param>
internal sealed record InvariantShortcut(string Key, string Reason, Func<Element, bool> Applies)
{
    private static readonly Dictionary<string, InvariantShortcut> ByKey = new InvariantShortcut[]
    {
        new("dom-3", "A contained resource that some reference names is in use.", HasUnused),
        new("ref-1", "Only a reference that begins with # points into the resource, and # alone is the resource itself.", RefersToContained),
        new("qty-3", "A quantity without a code needs no system.", static element => Has(element, "code")),
        new("per-1", "A period without start or end has no order.", static element => Has(element, "start") && Has(element, "end")),
        new("cpt-2", "A contact point without a value needs no system.", static element => Has(element, "value")),
        new("att-1", "An attachment without data needs no content type.", static element => Has(element, "data")),
        new("rng-2", "A range without low or high has no order.", static element => Has(element, "low") && Has(element, "high")),
        new("obs-6", "Without a reason for absence nothing contradicts the value.", static element => Has(element, "dataAbsentReason")),
        new("obs-7", "Without a value and components nothing is said twice.", static element => Has(element, "value") && Has(element, "component")),
    }.ToDictionary(static shortcut => shortcut.Key);

    public static IEnumerable<InvariantShortcut> All => ByKey.Values;

    /// <summary>The row for this invariant; null if its expression always decides.</summary>
    public static InvariantShortcut? Of(Invariant invariant) => ByKey.GetValueOrDefault(invariant.Key);

    private static bool Has(Element element, string child) => element.FirstChild(child) is not null;

    /// <summary>
    /// R4 references.html#contained: "#" refers to the containing resource, which ref-1 as written in R4 forgets (it was mended in later releases).
    /// </summary>
    private static bool RefersToContained(Element element) =>
        element.FirstChild("reference") is { } reference && reference.RawValue.StartsWith("#"u8) && reference.RawValue.Length > 1;

    /// <summary>Gathers all targets first, so that many contained resources cost no more than few.</summary>
    private static bool HasUnused(Element resource)
    {
        if (!Has(resource, "contained")) return false;
        var targets = new HashSet<string>();
        var nodes = resource.Resource.Nodes;
        for (var index = resource.Index + 1; index < nodes[resource.Index].End; index++)
        {
            if (!CanRefer(nodes[index])) continue;
            var value = new Element(resource.Resource, index).RawValue;
            if (value.Length > 1 && value[0] == '#') targets.Add(Encoding.UTF8.GetString(value[1..]));
        }
        foreach (var contained in resource.ChildrenNamed("contained"))
            if (contained.FirstChild("id") is not { } id || !targets.Contains(id.Text)) return true;
        return false;
    }

    private static bool CanRefer(in Node node) =>
        node.Type.Primitive is PrimitiveKind.Canonical or PrimitiveKind.Uri or PrimitiveKind.Url
        || (node.Type.IsPrimitive && node.Definition!.Name == "reference");
}
