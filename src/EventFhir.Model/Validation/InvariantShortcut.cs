using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.Model.Validation;

/// <summary>
/// Invariants that need no expression, or not always: the reader refuses what would break them, or a look at the children shows that they hold. One
/// table, each row with its reason; a test shows on the official examples that no row changes an answer.
/// </summary>
/// <param name="Applies">True if the expression must be evaluated on the element; null if it never must.</param>
internal sealed record InvariantShortcut(string Key, string Reason, Func<Element, bool>? Applies)
{
    private static readonly Dictionary<string, InvariantShortcut> ByKey = new InvariantShortcut[]
    {
        new("ext-1", "StructureReader refuses an extension with both a value and extensions, or neither.", null),
        new("dom-2", "StructureReader refuses nested contained resources.", null),
        new("dom-4", "StructureReader refuses a contained meta.versionId and meta.lastUpdated.", null),
        new("dom-5", "StructureReader refuses a contained meta.security.", null),
        new("txt-1", "NarrativeSyntax checks elements and attributes.", null),
        new("txt-2", "NarrativeSyntax checks that there is content.", null),
        new("dom-3", "Without contained resources none can lack a reference.", static element => element.FirstChild("contained") is not null),
        new("ref-1", "Only a reference that begins with # points into the resource, and # alone is the resource itself.", static element => RefersToContained(element)),
        new("qty-3", "A quantity without a code needs no system.", static element => element.FirstChild("code") is not null),
        new("per-1", "A period without start or end has no order.", static element => element.FirstChild("start") is not null && element.FirstChild("end") is not null),
        new("cpt-2", "A contact point without a value needs no system.", static element => element.FirstChild("value") is not null),
        new("att-1", "An attachment without data needs no content type.", static element => element.FirstChild("data") is not null),
        new("rng-2", "A range without low or high has no order.", static element => element.FirstChild("low") is not null && element.FirstChild("high") is not null),
        new("obs-7", "Without a value there is nothing to repeat, without components nobody repeats it.", static element => element.FirstChild("value") is not null && element.FirstChild("component") is not null),
    }.ToDictionary(static shortcut => shortcut.Key);

    public static IEnumerable<InvariantShortcut> All => ByKey.Values;

    /// <summary>The row for this invariant; null if its expression always decides.</summary>
    public static InvariantShortcut? Of(Invariant invariant) => ByKey.GetValueOrDefault(invariant.Key);

    /// <summary>
    /// R4 references.html#contained: "#" refers to the containing resource, which ref-1 as written in R4 forgets (it was mended in later releases).
    /// </summary>
    private static bool RefersToContained(Element element) =>
        element.FirstChild("reference") is { } reference && reference.RawValue.StartsWith("#"u8) && reference.RawValue.Length > 1;
}
