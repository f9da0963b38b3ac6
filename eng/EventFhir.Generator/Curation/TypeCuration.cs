using System.Text.Json;

namespace EventFhir.Generator.Curation;

/// <summary>StructureDefinitions → types, elements and invariants.</summary>
internal sealed class TypeCuration
{
    private const string FhirTypeExtension = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";
    private const string HierarchyExtension = "http://hl7.org/fhir/StructureDefinition/structuredefinition-hierarchy";
    private readonly Dictionary<string, JsonElement> definitions;
    private readonly Dictionary<string, JsonElement> profiles;
    private readonly Dictionary<string, CuratedType> types = new(StringComparer.Ordinal);
    private readonly List<CuratedElement> elements = [];
    private readonly Dictionary<string, List<string>> rules = new(StringComparer.Ordinal);
    private readonly InvariantCuration invariants;

    public TypeCuration(DefinitionPackage package)
    {
        profiles = package.StructureDefinitions.ToDictionary(definition => definition.Text("url")!);
        definitions = package.StructureDefinitions
            .Where(definition => definition.Text("kind") is not "logical" && definition.Text("derivation") is not "constraint")
            .ToDictionary(definition => definition.Text("type")!);
        invariants = new InvariantCuration(definitions.Values);
        foreach (var name in definitions.Keys.Order(StringComparer.Ordinal)) Curate(name);
    }

    public IEnumerable<CuratedType> Types => types.Values.OrderBy(type => type.Name, StringComparer.Ordinal);
    /// <summary>All elements, those that a type only inherits included.</summary>
    public IEnumerable<CuratedElement> Elements => elements.OrderBy(element => element.Path.Split('.')[0], StringComparer.Ordinal);
    public IEnumerable<CuratedInvariant> Invariants => invariants.Rows;

    private void Curate(string name)
    {
        if (types.ContainsKey(name)) return;
        var definition = definitions[name];
        var baseName = definition.Text("baseDefinition")?.LastSegment();
        if (baseName is not null) Curate(baseName);
        var snapshot = definition.GetProperty("snapshot").Items("element").ToList();
        var kind = definition.Text("kind") switch { "primitive-type" => "primitive", "resource" => "resource", _ => "complex" };
        AddType(name, kind, baseName, snapshot[0], definition.Flag("abstract"));
        var backbones = snapshot.Where(element => IsBackbone(element, snapshot)).ToDictionary(element => element.Text("path")!);
        foreach (var (path, element) in backbones)
        {
            var backboneBase = TypeCode(element.Items("type").First());
            Curate(backboneBase);
            AddType(path, "backbone", backboneBase, element, isAbstract: false);
        }
        foreach (var element in snapshot.Skip(1))
        {
            var path = element.Text("path")!;
            // A primitive is not an object: its value is what carries it.
            if (kind != "primitive" || path != $"{name}.value") elements.Add(Row(element, backbones.ContainsKey(path)));
        }
    }

    private static bool IsBackbone(JsonElement element, List<JsonElement> snapshot)
    {
        var prefix = element.Text("path") + ".";
        return prefix.Count(letter => letter == '.') > 1
            && snapshot.Exists(other => other.Text("path")!.StartsWith(prefix, StringComparison.Ordinal));
    }

    private void AddType(string name, string kind, string? baseName, JsonElement root, bool isAbstract)
    {
        var inherited = baseName is null ? [] : RulesOf(baseName);
        var own = invariants.IdsOf(root).Except(inherited, StringComparer.Ordinal).ToList();
        rules[name] = [.. own, .. inherited];
        types.Add(name, new CuratedType(name, kind, baseName, isAbstract, own.Count == 0 ? null : own));
    }

    /// <summary>The rules of a type and of those it derives from; its snapshot may leave the latter out.</summary>
    private List<string> RulesOf(string type)
    {
        if (rules.TryGetValue(type, out var known)) return known;
        if (!definitions.TryGetValue(type, out var definition)) return [];
        var own = invariants.IdsOf(definition.GetProperty("snapshot").Items("element").First());
        var inherited = definition.Text("baseDefinition") is { } url ? RulesOf(url.LastSegment()) : [];
        return rules[type] = [.. own.Union(inherited, StringComparer.Ordinal)];
    }

    private CuratedElement Row(JsonElement element, bool isBackbone)
    {
        var path = element.Text("path")!;
        var typeElements = element.Items("type").ToList();
        var types = isBackbone ? [path]
            : element.Text("contentReference") is { } reference ? [reference[(reference.IndexOf('#') + 1)..]]
            : typeElements.Select(TypeWithTargets).ToList();
        // A backbone type carries the rules of its element, every other type those of its own definition.
        var own = isBackbone ? [] : invariants.IdsOf(element)
            .Except(types.SelectMany(type => RulesOf(type.Split('(')[0])), StringComparer.Ordinal)
            .Concat(typeElements.SelectMany(ProfileRules)).Distinct(StringComparer.Ordinal).ToList();
        return new CuratedElement(
            path,
            element.GetProperty("min").GetInt32(),
            element.Text("max")!,
            types,
            element.Flag("isSummary"),
            element.Flag("isModifier"),
            element.Texts("representation").Contains("xmlAttr"),
            typeElements.Exists(IsHierarchy),
            Binding(element),
            own.Count == 0 ? null : own);
    }

    /// <summary>What a profile on a type adds: SimpleQuantity is Quantity with the rule sqty-1.</summary>
    private IEnumerable<string> ProfileRules(JsonElement type)
    {
        foreach (var profile in type.Texts("profile").Where(profiles.ContainsKey))
        {
            var root = profiles[profile].GetProperty("snapshot").Items("element").First();
            foreach (var id in invariants.IdsOf(root).Except(RulesOf(TypeCode(type)), StringComparer.Ordinal)) yield return id;
        }
    }

    private string TypeWithTargets(JsonElement type)
    {
        var targets = type.Texts("targetProfile").Select(target => target.LastSegment()).Order(StringComparer.Ordinal).ToList();
        var any = targets.Count == 0 || targets.Exists(target => !definitions.TryGetValue(target, out var definition) || definition.Flag("abstract"));
        return any ? TypeCode(type) : $"{TypeCode(type)}({string.Join('|', targets)})";
    }

    /// <summary>References to the same type that the specification says make a strict hierarchy: locations are part of others.</summary>
    private static bool IsHierarchy(JsonElement type) =>
        type.Items("extension").Any(extension => extension.Text("url") == HierarchyExtension && extension.Flag("valueBoolean"));

    /// <summary>The FHIR type; an extension names it where the code is a FHIRPath system type.</summary>
    private static string TypeCode(JsonElement type)
    {
        foreach (var extension in type.Items("extension"))
            if (extension.Text("url") == FhirTypeExtension) return extension.Text("valueUrl") ?? extension.Text("valueUri")!;
        var code = type.Text("code")!;
        return code.StartsWith("http://hl7.org/fhirpath/System.", StringComparison.Ordinal) ? code.LastSegment()[7..].ToLowerInvariant() : code;
    }

    private static CuratedBinding? Binding(JsonElement element) =>
        element.TryGetProperty("binding", out var binding) && binding.Text("valueSet") is { } valueSet
            ? new CuratedBinding(binding.Text("strength")!, valueSet.WithoutVersion())
            : null;
}
