using EventFhir.Model.FhirPath.Operations;

namespace EventFhir.Model.FhirPath.Functions;

/// <summary>FHIRPath N1, 5.2 to 5.4: filtering and projection, subsetting, combining; and tree navigation.</summary>
internal static class Filtering
{
    public static Function[] Functions { get; } =
    [
        new("where", 1, 1, call => new Where(call.Source, call.Arguments[0])),
        new("select", 1, 1, call => new Select(call.Source, call.Arguments[0])),
        new("repeat", 1, 1, call => new Repeat(call.Source, call.Arguments[0], RepeatKind.Distinct)),
        new("repeatAll", 1, 1, call => new Repeat(call.Source, call.Arguments[0], RepeatKind.All)),
        new("aggregate", 1, 2, call => new Aggregate(call.Source, call.Arguments[0], call.Argument(1) ?? new Nothing())),
        new("iif", 2, 3, call => new Choose(
            call.Node.Source is null ? null : call.Source, call.Arguments[0], call.Arguments[1], call.Argument(2) ?? new Nothing())),
        new("sort", 0, 16, call => new Sort(call.Source, SortKeys(call))),
        new("defineVariable", 1, 2, call => new DefineVariable(call.Source, call.Arguments[0], call.Argument(1))),
        new("children", 0, 0, call => new Children(call.Source)),
        new("descendants", 0, 0, call => new Descendants(call.Source)),
        Function.Collection("single", 0, 0, Single),
        Function.Collection("first", 0, 0, (evaluation, start, _) => Keep(evaluation, start, 0, 1)),
        Function.Collection("last", 0, 0, (evaluation, start, _) => Keep(evaluation, start, evaluation.Count - start - 1, 1)),
        Function.Collection("tail", 0, 0, (evaluation, start, _) => Keep(evaluation, start, 1, int.MaxValue)),
        Function.Collection("skip", 1, 1, (evaluation, start, arguments) => Keep(evaluation, start, Number(evaluation, arguments[0]), int.MaxValue)),
        Function.Collection("take", 1, 1, (evaluation, start, arguments) => Keep(evaluation, start, 0, Number(evaluation, arguments[0]))),
        Function.Collection("combine", 1, 1, (evaluation, _, arguments) => arguments[0].Run(evaluation)),
        Function.Collection("union", 1, 1, Union),
        Function.Collection("intersect", 1, 1, Intersect),
        Function.Collection("exclude", 1, 1, Exclude),
        Function.Collection("coalesce", 1, 16, Coalesce),
        new("trace", 1, 2, call => new Traced(call.Source, call.Arguments[0], call.Argument(1))),
    ];

    /// <summary>A key with a minus sign sorts downwards, whatever its type.</summary>
    private static SortKey[] SortKeys(FunctionCall call)
    {
        if (call.Arguments.Length == 0) return [new SortKey(new ThisItem(), 1)];
        var keys = new SortKey[call.Arguments.Length];
        for (var at = 0; at < keys.Length; at++)
            keys[at] = call.Arguments[at] is Negation negation ? new SortKey(negation.Operand, -1) : new SortKey(call.Arguments[at], 1);
        return keys;
    }

    private static int Number(Evaluation evaluation, Operation argument)
    {
        var value = argument.OneSystem(evaluation);
        return value.Kind is FhirPathKind.Integer ? value.Integer : throw FhirPathException.Execution("The number of items must be an integer.");
    }

    private static void Keep(Evaluation evaluation, int start, int skip, int take)
    {
        var count = evaluation.Count - start;
        skip = Math.Clamp(skip, 0, count);
        evaluation.Drop(start, start + skip);
        evaluation.Truncate(start + Math.Clamp(take, 0, count - skip));
    }

    private static void Single(Evaluation evaluation, int start, Operation[] arguments)
    {
        if (evaluation.Count - start > 1) throw FhirPathException.Execution("single() found several items.");
    }

    private static void Union(Evaluation evaluation, int start, Operation[] arguments)
    {
        arguments[0].Run(evaluation);
        Sets.Distinct(evaluation, start);
    }

    private static void Intersect(Evaluation evaluation, int start, Operation[] arguments)
    {
        Sets.Distinct(evaluation, start);
        Select(evaluation, start, arguments[0], Truth.True);
    }

    private static void Exclude(Evaluation evaluation, int start, Operation[] arguments) => Select(evaluation, start, arguments[0], Truth.False);

    private static void Select(Evaluation evaluation, int start, Operation other, Truth wanted)
    {
        var end = evaluation.Count;
        other.Run(evaluation);
        var others = Sets.Of(evaluation, end);
        var kept = start;
        for (var at = start; at < end; at++)
            if (others.Contains(evaluation[at]) == wanted is Truth.True) evaluation[kept++] = evaluation[at];
        evaluation.Truncate(kept);
    }

    private static void Coalesce(Evaluation evaluation, int start, Operation[] arguments)
    {
        evaluation.Truncate(start);
        foreach (var argument in arguments)
        {
            argument.Run(evaluation);
            if (evaluation.Count > start) return;
        }
    }
}

/// <summary>trace(name, projection): passes its input on and reports it, or the projection of it.</summary>
internal sealed class Traced(Operation source, Operation name, Operation? projection) : Operation
{
    public override void Run(Evaluation evaluation)
    {
        var start = evaluation.Count;
        source.Run(evaluation);
        if (evaluation.Context.Trace is not { } sink) return;
        var end = evaluation.Count;
        if (projection is null) evaluation.PushAll(evaluation.Copy(start));
        else
        {
            var outer = (evaluation.This, evaluation.Index);
            for (var at = start; at < end; at++)
            {
                (evaluation.This, evaluation.Index) = (evaluation[at], at - start);
                projection.Run(evaluation);
            }
            (evaluation.This, evaluation.Index) = outer;
        }
        sink(name.OneSystem(evaluation).ToString(), evaluation.Copy(end));
        evaluation.Truncate(end);
    }
}
