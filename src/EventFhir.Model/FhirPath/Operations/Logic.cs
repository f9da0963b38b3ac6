namespace EventFhir.Model.FhirPath.Operations;

internal sealed class And(Operation left, Operation right) : Condition
{
    public override Truth Test(Evaluation evaluation)
    {
        var first = left.Test(evaluation);
        if (first is Truth.False) return Truth.False;
        var second = right.Test(evaluation);
        if (second is Truth.False) return Truth.False;
        return first is Truth.Empty ? Truth.Empty : second;
    }
}

internal sealed class Or(Operation left, Operation right) : Condition
{
    public override Truth Test(Evaluation evaluation)
    {
        var first = left.Test(evaluation);
        if (first is Truth.True) return Truth.True;
        var second = right.Test(evaluation);
        if (second is Truth.True) return Truth.True;
        return first is Truth.Empty ? Truth.Empty : second;
    }
}

internal sealed class Xor(Operation left, Operation right) : Condition
{
    public override Truth Test(Evaluation evaluation)
    {
        var (first, second) = (left.Test(evaluation), right.Test(evaluation));
        return first is Truth.Empty || second is Truth.Empty ? Truth.Empty : Of(first != second);
    }
}

internal sealed class Implies(Operation left, Operation right) : Condition
{
    public override Truth Test(Evaluation evaluation)
    {
        var first = left.Test(evaluation);
        if (first is Truth.False) return Truth.True;
        var second = right.Test(evaluation);
        return first is Truth.True || second is Truth.True ? second : Truth.Empty;
    }
}

internal sealed class Not(Operation source) : Condition
{
    public override Truth Test(Evaluation evaluation) => source.Test(evaluation) switch
    {
        Truth.True => Truth.False,
        Truth.False => Truth.True,
        _ => Truth.Empty,
    };
}

internal sealed class Exists(Operation source) : Condition
{
    public override Truth Test(Evaluation evaluation) => Of(source.Any(evaluation));
}

internal sealed class IsEmpty(Operation source) : Condition
{
    public override Truth Test(Evaluation evaluation) => Of(!source.Any(evaluation));
}

internal sealed class CountItems(Operation source) : Operation
{
    public override void Run(Evaluation evaluation) => evaluation.Push(FhirPathValue.Of(source.Count(evaluation)));

    public override int Count(Evaluation evaluation) => 1;
}

/// <summary>True if every item meets the condition; an item that leaves it open counts as not meeting it.</summary>
internal sealed class All(Operation source, Operation condition) : Condition
{
    public override Truth Test(Evaluation evaluation)
    {
        using var items = new ItemLoop(evaluation, source);
        var holds = true;
        while (holds && items.Next()) holds = condition.Test(evaluation) is Truth.True;
        evaluation.Truncate(items.Start);
        return Of(holds);
    }
}

/// <summary>allTrue(), anyTrue(), allFalse() and anyFalse(): looks for an item of one value.</summary>
internal sealed class Quantifier(Operation source, Truth wanted, Truth ifFound) : Condition
{
    public override Truth Test(Evaluation evaluation)
    {
        var start = evaluation.Count;
        source.Run(evaluation);
        var found = false;
        foreach (var value in evaluation.From(start))
        {
            var item = SystemValues.ToSystem(value);
            if (item.Kind is not FhirPathKind.Boolean) throw FhirPathException.Execution("Only a collection of Booleans can be tested so.");
            found |= item.Boolean == wanted is Truth.True;
        }
        evaluation.Truncate(start);
        return Of(found == ifFound is Truth.True);
    }
}

/// <summary>Walks over the items of a source, making each $this with its $index; puts everything back at the end.</summary>
internal ref struct ItemLoop
{
    private readonly Evaluation evaluation;
    private readonly FhirPathValue outerThis;
    private readonly int outerIndex;
    private readonly DefinedVariable? outerVariables;
    private readonly int start;
    private readonly int end;
    private int at;

    public ItemLoop(Evaluation evaluation, Operation source)
    {
        this.evaluation = evaluation;
        start = evaluation.Count;
        source.Run(evaluation);
        (end, at) = (evaluation.Count, start - 1);
        (outerThis, outerIndex, outerVariables) = (evaluation.This, evaluation.Index, evaluation.Variables);
    }

    public readonly int Start => start;
    public readonly int End => end;
    public readonly FhirPathValue Current => evaluation[at];

    public bool Next()
    {
        if (++at >= end) return false;
        evaluation.Step();
        (evaluation.This, evaluation.Index, evaluation.Variables) = (evaluation[at], at - start, outerVariables);
        return true;
    }

    /// <summary>Removes the items of the source and keeps what was pushed since.</summary>
    public readonly void KeepPushed() => evaluation.Drop(start, end);

    /// <summary>Restores $this and $index.</summary>
    public readonly void Dispose()
    {
        (evaluation.This, evaluation.Index, evaluation.Variables) = (outerThis, outerIndex, outerVariables);
    }
}
