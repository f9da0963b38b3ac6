using EventFhir.Model.FhirPath.Operations;

namespace EventFhir.Model.FhirPath.Functions;

/// <summary>FHIRPath N1, 5.1: existence; and 6.5: Boolean logic.</summary>
internal static class Existence
{
    public static Function[] Functions { get; } =
    [
        new("empty", 0, 0, call => new IsEmpty(call.Source)),
        new("exists", 0, 1, call => new Exists(call.Argument(0) is { } criteria ? new Where(call.Source, criteria) : call.Source)),
        new("all", 1, 1, call => new All(call.Source, call.Arguments[0])),
        new("allTrue", 0, 0, call => new Quantifier(call.Source, Truth.False, Truth.False)),
        new("anyTrue", 0, 0, call => new Quantifier(call.Source, Truth.True, Truth.True)),
        new("allFalse", 0, 0, call => new Quantifier(call.Source, Truth.True, Truth.False)),
        new("anyFalse", 0, 0, call => new Quantifier(call.Source, Truth.False, Truth.True)),
        new("not", 0, 0, call => new Not(call.Source)),
        new("count", 0, 0, call => new CountItems(call.Source)),
        Function.Collection("distinct", 0, 0, (evaluation, start, _) => Sets.Distinct(evaluation, start)),
        Function.Collection("isDistinct", 0, 0, IsDistinct),
        Function.Collection("subsetOf", 1, 1, SubsetOf),
        Function.Collection("supersetOf", 1, 1, SupersetOf),
    ];

    private static void IsDistinct(Evaluation evaluation, int start, Operation[] arguments)
    {
        var before = evaluation.Count;
        Sets.Distinct(evaluation, start);
        var isDistinct = evaluation.Count == before;
        evaluation.Truncate(start);
        evaluation.Push(FhirPathValue.Of(isDistinct));
    }

    private static void SubsetOf(Evaluation evaluation, int start, Operation[] arguments)
    {
        var middle = evaluation.Count;
        arguments[0].Run(evaluation);
        var others = Sets.Of(evaluation, middle);
        evaluation.Truncate(middle);
        Answer(evaluation, start, others);
    }

    private static void SupersetOf(Evaluation evaluation, int start, Operation[] arguments)
    {
        var own = Sets.Of(evaluation, start);
        evaluation.Truncate(start);
        arguments[0].Run(evaluation);
        Answer(evaluation, start, own);
    }

    private static void Answer(Evaluation evaluation, int start, HashSet<FhirPathValue> set)
    {
        var holdsAll = true;
        foreach (var value in evaluation.From(start)) holdsAll &= set.Contains(value);
        evaluation.Truncate(start);
        evaluation.Push(FhirPathValue.Of(holdsAll));
    }
}
