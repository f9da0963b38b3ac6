using System.Text.Json;

namespace EventFhir.Generator.Curation;

/// <summary>ValueSets and CodeSystems → the codes of those value sets that required bindings name and that the package itself defines.</summary>
internal sealed class CodeListCuration(DefinitionPackage package)
{
    private readonly Dictionary<string, JsonElement> valueSets = ByUrl(package.ValueSets);
    private readonly Dictionary<string, JsonElement> codeSystems = ByUrl(package.CodeSystems);

    public IEnumerable<CuratedCodeList> Rows(IEnumerable<CuratedElement> elements)
    {
        var required = elements.Where(element => element.Binding is { Strength: "required" }).Select(element => element.Binding!.ValueSet);
        foreach (var url in required.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            if (Codes(url) is { Count: > 0 } codes)
                yield return new CuratedCodeList(url, [.. codes.GroupBy(code => code.System).Select(Systems)]);
    }

    private static CuratedCodes Systems(IGrouping<string, (string System, string Code)> group) =>
        new(group.Key, [.. group.Select(code => code.Code)]);

    private static Dictionary<string, JsonElement> ByUrl(IEnumerable<JsonElement> resources) =>
        resources.Where(resource => resource.Text("url") is not null)
            .DistinctBy(resource => resource.Text("url")).ToDictionary(resource => resource.Text("url")!);

    /// <summary>The codes of a value set in the order of the specification; null if it cannot be enumerated.</summary>
    private List<(string System, string Code)>? Codes(string url)
    {
        if (!valueSets.TryGetValue(url.WithoutVersion(), out var valueSet) || !valueSet.TryGetProperty("compose", out var compose)) return null;
        var codes = new List<(string, string)>();
        foreach (var include in compose.Items("include"))
        {
            if (CodesOf(include) is not { } included) return null;
            codes.AddRange(included);
        }
        foreach (var exclude in compose.Items("exclude"))
        {
            if (CodesOf(exclude) is not { } excluded) return null;
            codes.RemoveAll(excluded.Contains);
        }
        return codes.Distinct().ToList();
    }

    /// <summary>The codes of one include or exclude: everything in it narrows it further (R4 valueset.html#compositions).</summary>
    private List<(string System, string Code)>? CodesOf(JsonElement include)
    {
        List<(string System, string Code)>? codes = null;
        if (include.Text("system") is { } system)
        {
            var concepts = include.Items("concept").Select(concept => (system, concept.Text("code")!)).ToList();
            codes = concepts.Count > 0 ? concepts : CodesOf(system, include.Items("filter").ToList());
            if (codes is null) return null;
        }
        foreach (var url in include.Texts("valueSet"))
        {
            if (Codes(url) is not { } others) return null;
            codes = codes is null ? others : [.. codes.Where(others.Contains)];
        }
        return codes;
    }

    private List<(string System, string Code)>? CodesOf(string system, List<JsonElement> filters)
    {
        if (!codeSystems.TryGetValue(system, out var codeSystem) || codeSystem.Text("content") is not "complete") return null;
        var concepts = new List<(JsonElement Concept, string[] Ancestors)>();
        Flatten(codeSystem, [], concepts);
        foreach (var filter in filters)
        {
            if (Predicate(filter) is not { } holds) return null;
            concepts.RemoveAll(concept => !holds(concept));
        }
        return [.. concepts.Select(concept => (system, concept.Concept.Text("code")!))];
    }

    private static void Flatten(JsonElement parent, string[] ancestors, List<(JsonElement, string[])> concepts)
    {
        foreach (var concept in parent.Items("concept"))
        {
            concepts.Add((concept, ancestors));
            Flatten(concept, [.. ancestors, concept.Text("code")!], concepts);
        }
    }

    private static Predicate<(JsonElement Concept, string[] Ancestors)>? Predicate(JsonElement filter)
    {
        var value = filter.Text("value");
        return (filter.Text("property"), filter.Text("op")) switch
        {
            ("concept", "is-a") => concept => concept.Concept.Text("code") == value || concept.Ancestors.Contains(value),
            ("concept", "descendent-of") => concept => concept.Ancestors.Contains(value),
            ("concept", "is-not-a") => concept => concept.Concept.Text("code") != value && !concept.Ancestors.Contains(value),
            _ => null,
        };
    }
}
