using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.FhirPath.Operations;
using EventFhir.Model.Validation;

namespace EventFhir.Model.FhirPath.Functions;

/// <summary>htmlChecks(): whether a narrative is within the subset of XHTML (R4 narrative.html#rules); asked by txt-1 and txt-2.</summary>
internal static class Narratives
{
    public static void Check(Evaluation evaluation, int start, Operation[] arguments)
    {
        var holds = true;
        foreach (var value in evaluation.From(start))
            if (value is { IsElement: true, Element: { HasValue: true, Type.Primitive: PrimitiveKind.Xhtml } narrative })
                holds &= NarrativeSyntax.Fault(Encoding.UTF8.GetBytes(narrative.Text)) is null;
        evaluation.Truncate(start);
        evaluation.Push(FhirPathValue.Of(holds));
    }
}
