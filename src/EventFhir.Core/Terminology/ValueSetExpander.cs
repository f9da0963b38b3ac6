using EventFhir.Model;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.Core.Terminology;

/// <summary>What holds for a whole compose: codes no longer in use are left out; systems are meant as they were at a date.</summary>
internal readonly record struct ComposeRules(bool IsActiveOnly, bool IsLocked);

/// <summary>
/// The codes of a value set (R4 valueset.html#compositions): includes joined, excludes taken away, each of them a code system or part of one,
/// cut with value sets that it imports. What cannot be known for certain is refused, never guessed.
/// </summary>
internal sealed class ValueSetExpander(TerminologySources sources, Release release)
{
    private readonly List<SourceKey> open = [];
    private readonly Dictionary<SourceKey, HashSet<SystemCode>> done = [];
    private int visited;

    /// <summary>The codes; empty while sources are still wanted.</summary>
    public Outcome<HashSet<SystemCode>> Expand(SourceKey key)
    {
        if (done.TryGetValue(key, out var known)) return known;
        if (open.Contains(key)) return Refuse($"The value set {Name(key)} imports itself.");
        if (open.Count > Limits.ValueSetDepthMax) return TooCostly($"Value sets import each other more than {Limits.ValueSetDepthMax} deep.");
        if (!sources.IsWithinLimit) return TooCostly($"A value set may need at most {Limits.TerminologySourcesMax} value sets and code systems.");
        open.Add(key);
        var codes = ExpandOpen(key);
        open.RemoveAt(open.Count - 1);
        if (!codes.IsRefused(out _)) done[key] = codes.Value;
        return codes;
    }

    private Outcome<HashSet<SystemCode>> ExpandOpen(SourceKey key)
    {
        if (sources.Find(key) is { } valueSet)
        {
            if (valueSet.Root.FirstChild("compose") is { } compose) return Compose(compose, key);
            if (valueSet.Root.FirstChild("expansion") is { } expansion) return Supplied(expansion, key);
            return Refuse($"The value set {Name(key)} has neither a compose nor an expansion.");
        }
        if (sources.IsWanted(key)) return new HashSet<SystemCode>();
        if (key is SourceKey.ByUrl byUrl && Defined(byUrl.Canonical) is { } list)
            return list.Codes.Select(code => new SystemCode(code.System, code.Code)).ToHashSet();
        return Refusal.Of(RefusalKind.BadRequest, "not-found", $"There is no value set {Name(key)} on this server.");
    }

    /// <summary>The code lists of the specification's own required bindings, where nothing is stored.</summary>
    private CodeList? Defined(Canonical canonical) => canonical.Version is null || canonical.Version == release.FhirVersion
        ? release.CodeLists.FirstOrDefault(list => list.Url == canonical.Url)
        : null;

    private Outcome<HashSet<SystemCode>> Compose(Element compose, SourceKey key)
    {
        var rules = new ComposeRules(CodeSystemContent.Text(compose, "inactive") == "false", compose.FirstChild("lockedDate") is not null);
        var codes = new HashSet<SystemCode>();
        foreach (var include in compose.ChildrenNamed("include"))
        {
            var part = Part(include, key, rules);
            if (part.IsRefused(out var refusal)) return refusal;
            codes.UnionWith(part.Value);
            if (codes.Count > Limits.ExpansionCodesMax) return TooManyCodes();
        }
        foreach (var exclude in compose.ChildrenNamed("exclude"))
        {
            if (IsWholeSystem(exclude) is { } system)
            {
                codes.RemoveWhere(code => code.System == system);
                continue;
            }
            var part = Part(exclude, key, rules with { IsActiveOnly = false });
            if (part.IsRefused(out var refusal)) return refusal;
            codes.ExceptWith(part.Value);
        }
        return codes;
    }

    /// <summary>The system, if all of it is meant whatever its codes are.</summary>
    private static string? IsWholeSystem(Element part) =>
        part.FirstChild("concept") is null && part.FirstChild("filter") is null && part.FirstChild("valueSet") is null
            ? CodeSystemContent.Text(part, "system")
            : null;

    /// <summary>One include or exclude: the codes of its system, cut with every value set that it names.</summary>
    private Outcome<HashSet<SystemCode>> Part(Element part, SourceKey key, ComposeRules rules)
    {
        HashSet<SystemCode>? codes = null;
        if (CodeSystemContent.Text(part, "system") is { } system)
        {
            var ofSystem = OfSystem(part, new Canonical(system, CodeSystemContent.Text(part, "version")), rules);
            if (ofSystem.IsRefused(out var refusal)) return refusal;
            codes = ofSystem.Value;
        }
        foreach (var import in part.ChildrenNamed("valueSet"))
        {
            if (!import.HasValue) continue;
            var imported = Expand(new SourceKey.ByUrl(SourceKind.ValueSet, Canonical.Parse(import.Text)));
            if (imported.IsRefused(out var refusal)) return refusal;
            if (codes is null) codes = [.. imported.Value];
            else codes.IntersectWith(imported.Value);
        }
        return codes ?? (Outcome<HashSet<SystemCode>>)Refuse($"A part of the value set {Name(key)} names neither a code system nor a value set.");
    }

    private Outcome<HashSet<SystemCode>> OfSystem(Element part, Canonical system, ComposeRules rules)
    {
        var listed = new List<string>();
        foreach (var concept in part.ChildrenNamed("concept"))
            if (CodeSystemContent.Text(concept, "code") is { } code) listed.Add(code);
        if (listed.Count > 0 && !rules.IsActiveOnly) return listed.Select(code => new SystemCode(system.Url, code)).ToHashSet();
        if (rules.IsLocked && system.Version is null)
            return Refuse($"A value set with a lockedDate does not say which version of {system.Url} it means.");

        var found = CompleteSystem(sources, system);
        if (found.IsRefused(out var refusal)) return refusal;
        if (found.Value is not { IsComplete: true } content) return new HashSet<SystemCode>();
        visited += content.Concepts.Count;
        if (visited > Limits.TerminologyConceptsMax)
            return TooCostly($"A value set may look at {Limits.TerminologyConceptsMax} concepts at most.");
        IEnumerable<Concept> concepts = listed.Count > 0 ? listed.Select(content.Find).OfType<Concept>() : content.Concepts;
        foreach (var filter in part.ChildrenNamed("filter"))
        {
            var passed = new ConceptFilter(
                CodeSystemContent.Text(filter, "property") ?? "", CodeSystemContent.Text(filter, "op") ?? "",
                CodeSystemContent.Text(filter, "value") ?? "").Apply(content);
            if (passed.IsRefused(out var unknown)) return unknown;
            var set = passed.Value.ToHashSet();
            concepts = concepts.Where(set.Contains).ToList();
        }
        if (rules.IsActiveOnly) concepts = concepts.Where(concept => !content.IsInactive(concept));
        return concepts.Select(concept => new SystemCode(system.Url, concept.Code)).ToHashSet();
    }

    /// <summary>A code system with all of its codes; one without content while it is still wanted.</summary>
    public static Outcome<CodeSystemContent> CompleteSystem(TerminologySources sources, Canonical system)
    {
        var key = new SourceKey.ByUrl(SourceKind.CodeSystem, system);
        if (sources.Find(key) is not { } resource)
        {
            return sources.IsWanted(key)
                ? CodeSystemContent.Pending
                : Refusal.Of(RefusalKind.BadRequest, "not-found", $"The code system {system} is not on this server, so its codes are not known.");
        }
        var content = sources.ContentOf(resource);
        return content.IsComplete
            ? content
            : Refuse($"The code system {system} is not complete here (content is '{content.Content}'), so its codes are not known.");
    }

    /// <summary>An expansion that came with the value set; entries without code or marked abstract only group others.</summary>
    private static Outcome<HashSet<SystemCode>> Supplied(Element expansion, SourceKey key)
    {
        var codes = new HashSet<SystemCode>();
        var entries = AddContained(expansion, codes);
        var isPart = int.TryParse(CodeSystemContent.Text(expansion, "offset"), out var offset) && offset > 0;
        isPart |= int.TryParse(CodeSystemContent.Text(expansion, "total"), out var total) && total > entries;
        if (isPart) return Refuse($"The expansion that the value set {Name(key)} holds is only a part of it.");
        return codes.Count > Limits.ExpansionCodesMax ? TooManyCodes() : codes;
    }

    private static int AddContained(Element parent, HashSet<SystemCode> codes)
    {
        var entries = 0;
        foreach (var entry in parent.ChildrenNamed("contains"))
        {
            entries += 1 + AddContained(entry, codes);
            if (CodeSystemContent.Text(entry, "code") is { } code && CodeSystemContent.Text(entry, "abstract") != "true")
                codes.Add(new SystemCode(CodeSystemContent.Text(entry, "system") ?? "", code));
        }
        return entries;
    }

    private static string Name(SourceKey key) => key switch
    {
        SourceKey.ByUrl byUrl => byUrl.Canonical.ToString(),
        SourceKey.ById byId => $"{byId.Kind}/{byId.Id}",
        _ => "",
    };

    private static Refusal TooManyCodes() => TooCostly($"A value set may hold at most {Limits.ExpansionCodesMax} codes here.");

    private static Refusal TooCostly(string diagnostics) => Refusal.Of(RefusalKind.Unprocessable, "too-costly", diagnostics);

    private static Refusal Refuse(string diagnostics) => Refusal.Of(RefusalKind.Unprocessable, "not-supported", diagnostics);
}
