using System.Text.RegularExpressions;

using EventFhir.Model;

namespace EventFhir.Core.Terminology;

/// <summary>One filter of ValueSet.compose.include (R4 valueset.html#compositions): which concepts of a code system it lets through.</summary>
internal sealed record ConceptFilter(string Property, string Operator, string Value)
{
    /// <summary>The concepts, or why the filter cannot be answered.</summary>
    public Outcome<List<Concept>> Apply(CodeSystemContent system) => Operator switch
    {
        "is-a" => OfConcept(system, concept => CodeSystemContent.Closure(concept, static one => one.Children)),
        "descendent-of" => OfConcept(system, concept =>
            CodeSystemContent.Closure(concept, static one => one.Children).Where(one => !ReferenceEquals(one, concept))),
        "generalizes" => OfConcept(system, concept => CodeSystemContent.Closure(concept, static one => one.Parents)),
        "is-not-a" => OfConcept(system, concept =>
        {
            var below = CodeSystemContent.Closure(concept, static one => one.Children);
            return system.Concepts.Where(one => !below.Contains(one));
        }),
        "=" => ByValues(system, values => values.Contains(Value)),
        "in" => ByValues(system, values => values.Overlaps(List())),
        "not-in" => ByValues(system, values => !values.Overlaps(List())),
        "exists" when Value is "true" => ByValues(system, values => values.Count > 0),
        "exists" when Value is "false" => ByValues(system, values => values.Count == 0),
        "regex" => ByPattern(system),
        _ => Refuse($"The filter operator '{Operator}' with the value given is not supported."),
    };

    private IEnumerable<string> List() => Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private Outcome<List<Concept>> OfConcept(CodeSystemContent system, Func<Concept, IEnumerable<Concept>> select)
    {
        if (Property is not ("concept" or "code"))
            return Refuse($"The filter operator '{Operator}' is for concepts, not for the property '{Property}'.");
        if (!system.HasSubsumption)
            return Refuse($"The hierarchy of {system.Url} does not mean is-a, so it says nothing of '{Operator}'.");
        return system.Find(Value) is { } concept
            ? select(concept).ToList()
            : Refuse($"The code system {system.Url} has no code '{Value}', which a filter names.");
    }

    private Outcome<List<Concept>> ByValues(CodeSystemContent system, Func<HashSet<string>, bool> accepts)
    {
        if (!IsKnown(system)) return Refuse($"The code system {system.Url} declares no property '{Property}', which a filter names.");
        return system.Concepts.Where(concept => accepts(ValuesOf(system, concept))).ToList();
    }

    private Outcome<List<Concept>> ByPattern(CodeSystemContent system)
    {
        if (Value.Length > Limits.PatternCharactersMax) return Refuse("The regular expression of a filter is too long.");
        Regex pattern;
        try
        {
            // Without backtracking the time is linear in the text, whatever the expression.
            pattern = new Regex($"^(?:{Value})$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            return Refuse("The regular expression of a filter is not valid, or needs backtracking.");
        }
        return ByValues(system, values => values.Any(pattern.IsMatch));
    }

    private bool IsKnown(CodeSystemContent system) =>
        Property is "code" or "concept" or "display" or "definition" or "parent" or "child" || system.Declares(Property);

    private HashSet<string> ValuesOf(CodeSystemContent system, Concept concept)
    {
        IEnumerable<string> values = Property switch
        {
            "code" or "concept" => [concept.Code],
            "display" => Optional(concept.Display),
            "definition" => Optional(concept.Definition),
            _ when system.IsStandard(Property, "parent") => concept.Parents.Select(parent => parent.Code),
            _ when system.IsStandard(Property, "child") => concept.Children.Select(child => child.Code),
            _ => concept.Properties.Where(property => property.Property == Property).Select(property => property.Value),
        };
        return [.. values];
    }

    private static string[] Optional(string? value) => value is null ? [] : [value];

    private static Refusal Refuse(string diagnostics) => Refusal.Of(RefusalKind.Unprocessable, "not-supported", diagnostics);
}
