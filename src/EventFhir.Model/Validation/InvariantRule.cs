using System.Collections.Immutable;

using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;
using EventFhir.Model.FhirPath;

namespace EventFhir.Model.Validation;

/// <summary>An invariant ready to be evaluated.</summary>
/// <param name="Shortcut">A native test for the same rule, where one is worthwhile; null if only the expression decides.</param>
internal sealed record InvariantRule(Invariant Invariant, FhirPathExpression Expression, InvariantShortcut? Shortcut)
{
    public static InvariantRule[] Of(ImmutableArray<Invariant> invariants, Release release)
    {
        var rules = new List<InvariantRule>();
        foreach (var invariant in invariants)
        {
            var shortcut = InvariantShortcut.Of(invariant);
            if (invariant.IsStructural || shortcut is { Applies: null }) continue;
            rules.Add(new InvariantRule(invariant, FhirPathExpression.Compile(invariant.Expression, release), shortcut));
        }
        return [.. rules];
    }

    public bool IsTrue(Element element) =>
        (Shortcut?.Applies is { } applies && !applies(element)) || Expression.IsTrue(element, EvaluationContext.Default);
}
