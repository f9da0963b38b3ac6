using System.Collections.Immutable;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.Model.Validation;

/// <summary>What to do about invariants that are advice only, such as dom-6: a resource should have a narrative.</summary>
public enum InvariantWarnings { LeaveOut, Report }

/// <summary>
/// Evaluates the invariants of R4 on a resource that a reader has accepted: those of each element and of its type, contained resources included.
/// Hot path, measured by Benchmarks/Micro.
/// </summary>
public static class ResourceValidator
{

    /// <summary>Empty if all invariants hold. The issue names the element on which the broken rule stands.</summary>
    public static ImmutableArray<Issue> Validate(Resource resource, InvariantWarnings warnings = InvariantWarnings.LeaveOut)
    {
        List<Issue>? issues = null;
        var release = resource.Release;
        for (var index = 0; index < resource.Count; index++)
        {
            ref var node = ref resource.Nodes[index];
            var ofType = node.Type.Rules ??= InvariantRule.Of(node.Type.Invariants, release);
            if (ofType.Length > 0) Check(new Element(resource, index), ofType, warnings, ref issues);
            if (node.Definition is not { } definition) continue;
            var ofElement = definition.Rules ??= InvariantRule.Of(definition.Invariants, release);
            if (ofElement.Length > 0) Check(new Element(resource, index), ofElement, warnings, ref issues);
        }
        return issues is null ? [] : [.. issues];
    }

    private static void Check(Element element, InvariantRule[] rules, InvariantWarnings warnings, ref List<Issue>? issues)
    {
        foreach (var rule in rules)
        {
            var isError = rule.Invariant.Severity is InvariantSeverity.Error;
            if ((!isError && warnings is InvariantWarnings.LeaveOut) || issues is { Count: >= Limits.IssuesMax } || rule.IsTrue(element)) continue;
            var (line, column) = element.Position;
            issues ??= [];
            var severity = isError ? IssueSeverity.Error : IssueSeverity.Warning;
            issues.Add(new Issue(severity, "invariant", $"{rule.Invariant.Key}: {rule.Invariant.Human}", element.Path, line, column));
        }
    }
}
