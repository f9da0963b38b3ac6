using System.Collections.Immutable;

using EventFhir.Model;
using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search;

/// <summary>Reads the keys of _sort (R4 search.html#_sort), chained ones among them.</summary>
internal sealed class SortParser(SearchContext context, ImmutableArray<TypeDefinition> types)
{
    private int branches;

    /// <param name="text">"date", "-date", "subject:Patient.birthdate", "-patient.general-practitioner.name".</param>
    public Outcome<SortKey> Parse(string text)
    {
        var direction = text.StartsWith('-') ? SortDirection.Descending : SortDirection.Ascending;
        var code = text.TrimStart('-');
        var paths = ImmutableArray.CreateBuilder<SortPath>(types.Length);
        foreach (var type in types)
        {
            if (Parse(type, code, 0) is not { } outcome) return NotSupported($"{type.Name} cannot be sorted by '{code}'.");
            if (outcome.IsRefused(out var refusal)) return refusal;
            paths.Add(outcome.Value);
        }
        if (paths.Any(path => path.Kind != paths[0].Kind))
            return NotSupported($"The types searched have values of different kinds for '{code}', which have no common order.");
        // Who sorts by relevance wants the best first (R4 search.html#_sort says no more).
        return new SortKey(code, code == SearchCatalog.Score ? SortDirection.Descending : direction, paths.MoveToImmutable());
    }

    /// <returns>Null if the type has no order by it.</returns>
    private Outcome<SortPath>? Parse(TypeDefinition type, string code, int depth)
    {
        if (code.IndexOf('.') is >= 0 and var dot) return ParseChain(type, code[..dot], code[(dot + 1)..], depth);
        if (depth > 0 && ++branches > Limits.SortBranchesMax)
            return TooCostly("A chained key of _sort can lead through too many types; name them, as in subject:Patient.name.");
        if (depth > 0 && code == SearchCatalog.Score) return null;
        return context.Catalog.SortBy(type, code) is { } path ? path : (Outcome<SortPath>?)null;
    }

    /// <summary>Without a type, every target type that has an order by the rest is followed.</summary>
    private Outcome<SortPath>? ParseChain(TypeDefinition type, string step, string rest, int depth)
    {
        if (depth >= Limits.ChainDepthMax) return TooCostly($"A chained key of _sort may have at most {Limits.ChainDepthMax} steps.");
        var (code, typeName) = step.IndexOf(':') is >= 0 and var colon ? (step[..colon], step[(colon + 1)..]) : (step, null);
        if (context.Catalog.Find(type, code) is not { } parameter || !context.Catalog.CanFollow(type, parameter)) return null;
        ImmutableArray<TypeDefinition> targets = parameter.Targets.IsEmpty ? context.Release.ResourceTypes : parameter.Targets;
        if (typeName is not null)
        {
            if (context.Release.FindResourceType(typeName) is not { } chosen || !targets.Contains(chosen)) return null;
            targets = [chosen];
        }
        var paths = ImmutableArray.CreateBuilder<SortPath>();
        foreach (var target in targets)
        {
            if (Parse(target, rest, depth + 1) is not { } outcome) continue;
            if (outcome.IsRefused(out var refusal)) return refusal;
            paths.Add(outcome.Value);
        }
        if (paths.Count == 0) return null;
        if (paths.Any(path => path.Kind != paths[0].Kind))
            return NotSupported($"The targets of '{code}' have values of different kinds for '{rest}'; name the type, as in subject:Patient.name.");
        return new SortPath.Chain(type, parameter, paths.ToImmutable());
    }

    private static Refusal NotSupported(string diagnostics) => Refusal.Of(RefusalKind.BadRequest, "not-supported", diagnostics);

    private static Refusal TooCostly(string diagnostics) => Refusal.Of(RefusalKind.BadRequest, "too-costly", diagnostics);
}
