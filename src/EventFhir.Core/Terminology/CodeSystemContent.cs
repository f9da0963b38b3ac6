using EventFhir.Model.Elements;

namespace EventFhir.Core.Terminology;

/// <summary>A concept of a code system.</summary>
/// <param name="properties">Code of the property and its value as text, in the order given.</param>
internal sealed class Concept(string code, string? display, string? definition, List<(string Property, string Value)> properties)
{
    public string Code => code;
    public string? Display => display;
    public string? Definition => definition;
    public List<(string Property, string Value)> Properties => properties;
    public List<Concept> Parents { get; } = [];
    public List<Concept> Children { get; } = [];
}

/// <summary>A CodeSystem resource as terminology reads it: concepts by code, with the hierarchy that nesting and properties give them
/// (R4 codesystem.html#hierarchy).</summary>
internal sealed class CodeSystemContent
{
    private const string ConceptProperties = "http://hl7.org/fhir/concept-properties#";
    private readonly Dictionary<string, Concept> concepts;
    private readonly Dictionary<string, string> propertyUris = new(StringComparer.Ordinal);

    private CodeSystemContent(StringComparer codes) => concepts = new(codes);

    /// <summary>Stands for a system that has yet to be given.</summary>
    public static CodeSystemContent Pending { get; } = new(StringComparer.Ordinal);

    public string Url { get; private init; } = "";

    /// <summary>CodeSystem.content; null if the resource does not say.</summary>
    public string? Content { get; private init; }

    /// <summary>CodeSystem.hierarchyMeaning; where it is absent, nesting means is-a.</summary>
    public string? HierarchyMeaning { get; private init; }

    public bool IsComplete => Content == "complete";
    public bool HasSubsumption => HierarchyMeaning is null or "is-a";
    public IReadOnlyCollection<Concept> Concepts => concepts.Values;

    public Concept? Find(string code) => concepts.GetValueOrDefault(code);

    /// <summary>True if the system declares the property, so that a concept without it has no value rather than an unknown one.</summary>
    public bool Declares(string property) => propertyUris.ContainsKey(property);

    /// <summary>The concept and all that lie below it, or above it; each once, however the hierarchy is knotted.</summary>
    public static HashSet<Concept> Closure(Concept start, Func<Concept, List<Concept>> next)
    {
        var found = new HashSet<Concept> { start };
        var open = new Stack<Concept>([start]);
        while (open.TryPop(out var concept))
            foreach (var further in next(concept))
                if (found.Add(further)) open.Push(further);
        return found;
    }

    public static CodeSystemContent Read(Resource resource)
    {
        var root = resource.Root;
        var isCaseless = Text(root, "caseSensitive") == "false";
        var content = new CodeSystemContent(isCaseless ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal)
        {
            Url = Text(root, "url") ?? "",
            Content = Text(root, "content"),
            HierarchyMeaning = Text(root, "hierarchyMeaning"),
        };
        foreach (var property in root.ChildrenNamed("property"))
            if (Text(property, "code") is { } code) content.propertyUris[code] = Text(property, "uri") ?? "";
        foreach (var concept in root.ChildrenNamed("concept")) content.Add(concept, parent: null);
        foreach (var concept in content.concepts.Values.ToList()) content.LinkByProperties(concept);
        return content;
    }

    /// <summary>True if the concept is marked as no longer in use.</summary>
    public bool IsInactive(Concept concept) =>
        concept.Properties.Any(property => property.Value == "true" && IsStandard(property.Property, "inactive"));

    /// <summary>True if the property is the standard one: by the URI that the system declares for it, else by its code.</summary>
    public bool IsStandard(string property, string standard) =>
        propertyUris.GetValueOrDefault(property) is { Length: > 0 } uri ? uri == ConceptProperties + standard : property == standard;

    private void Add(Element element, Concept? parent)
    {
        if (Text(element, "code") is not { } code) return;
        if (!concepts.TryGetValue(code, out var concept))
        {
            concept = new Concept(code, Text(element, "display"), Text(element, "definition"), Properties(element));
            concepts.Add(code, concept);
        }
        if (parent is not null) Link(parent, concept);
        foreach (var child in element.ChildrenNamed("concept")) Add(child, concept);
    }

    /// <summary>A parent may name its children, a child its parents, or both.</summary>
    private void LinkByProperties(Concept concept)
    {
        foreach (var (property, value) in concept.Properties)
        {
            if (Find(value) is not { } other) continue;
            if (IsStandard(property, "parent")) Link(other, concept);
            else if (IsStandard(property, "child")) Link(concept, other);
        }
    }

    private static void Link(Concept parent, Concept child)
    {
        // Both nested and stated by a property: the shorter list tells.
        if (child.Parents.Contains(parent)) return;
        parent.Children.Add(child);
        child.Parents.Add(parent);
    }

    private static List<(string Property, string Value)> Properties(Element concept)
    {
        var properties = new List<(string, string)>();
        foreach (var property in concept.ChildrenNamed("property"))
        {
            if (Text(property, "code") is not { } code || property.FirstChild("value") is not { } value) continue;
            var text = value.Type.IsPrimitive ? (value.HasValue ? value.Text : null) : Text(value, "code");
            if (text is not null) properties.Add((code, text));
        }
        return properties;
    }

    internal static string? Text(Element element, string name) =>
        element.FirstChild(name) is { HasValue: true } child ? child.Text : null;
}
