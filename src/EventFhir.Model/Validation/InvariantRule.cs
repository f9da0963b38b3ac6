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
            if (invariant.IsStructural) continue;
            rules.Add(new InvariantRule(invariant, FhirPathExpression.Compile(invariant.Expression, release), InvariantShortcut.Of(invariant)));
        }
        return [.. rules];
    }

    public bool IsTrue(Element element) =>
        (Shortcut is not null && !Shortcut.Applies(element)) || Expression.IsTrue(element, EvaluationContext.Default);
}
