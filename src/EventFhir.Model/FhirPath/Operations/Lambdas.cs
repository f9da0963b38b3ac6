namespace EventFhir.Model.FhirPath.Operations;

internal sealed class Where(Operation source, Operation condition) : Operation
{
    public override void Run(Evaluation evaluation)
    {
        using var items = new ItemLoop(evaluation, source);
        var kept = items.Start;
        while (items.Next())
            if (condition.Test(evaluation) is Truth.True) evaluation[kept++] = items.Current;
        evaluation.Truncate(kept);
    }

    public override bool Any(Evaluation evaluation)
    {
        using var items = new ItemLoop(evaluation, source);
        var any = false;
        while (!any && items.Next()) any = condition.Test(evaluation) is Truth.True;
        evaluation.Truncate(items.Start);
        return any;
    }
}

internal sealed class Select(Operation source, Operation projection) : Operation
{
    public override void Run(Evaluation evaluation)
    {
        using var items = new ItemLoop(evaluation, source);
        while (items.Next()) projection.Run(evaluation);
        items.KeepPushed();
    }
}

/// <summary>repeat() takes an item once, repeatAll() every time it comes.</summary>
internal enum RepeatKind { Distinct, All }

internal sealed class Repeat(Operation source, Operation projection, RepeatKind kind) : Operation
{
    public override void Run(Evaluation evaluation)
    {
        var (outerThis, outerIndex) = (evaluation.This, evaluation.Index);
        var start = evaluation.Count;
        source.Run(evaluation);
        var end = evaluation.Count;
        var seen = new HashSet<FhirPathValue>(new ItemComparer(evaluation));
        // The stack above the source is result and work list in one.
        for (var at = start; at < evaluation.Count; at++)
        {
            (evaluation.This, evaluation.Index) = (evaluation[at], at - start);
            evaluation.Step();
            var before = evaluation.Count;
            projection.Run(evaluation);
            if (kind is RepeatKind.All) continue;
            var kept = before;
            for (var added = before; added < evaluation.Count; added++)
                if (seen.Add(evaluation[added])) evaluation[kept++] = evaluation[added];
            evaluation.Truncate(kept);
        }
        evaluation.Drop(start, end);
        (evaluation.This, evaluation.Index) = (outerThis, outerIndex);
    }
}

internal sealed class Aggregate(Operation source, Operation step, Operation initial) : Operation
{
    public override void Run(Evaluation evaluation)
    {
        var outerTotal = evaluation.Total;
        var start = evaluation.Count;
        initial.Run(evaluation);
        var total = evaluation.Copy(start);
        evaluation.Truncate(start);
        using (var items = new ItemLoop(evaluation, source))
        {
            while (items.Next())
            {
                evaluation.Total = total;
                step.Run(evaluation);
                total = evaluation.Copy(items.End);
                evaluation.Truncate(items.End);
            }
            evaluation.Truncate(start);
        }
        evaluation.Total = outerTotal;
        evaluation.PushAll(total);
    }
}

/// <summary>iif(criterion, then, else): only the branch that is taken is evaluated. The criterion must be a Boolean.</summary>
internal sealed class Choose(Operation? source, Operation criterion, Operation then, Operation otherwise) : Operation
{
    public override void Run(Evaluation evaluation)
    {
        var (outerThis, outerIndex) = (evaluation.This, evaluation.Index);
        if (source?.One(evaluation) is { IsNone: false } item) (evaluation.This, evaluation.Index) = (item, 0);
        var answer = criterion.OneSystem(evaluation);
        if (answer.Kind is not (FhirPathKind.Boolean or FhirPathKind.None))
            throw FhirPathException.Execution("The criterion of iif() must be a Boolean.");
        (answer is { Kind: FhirPathKind.Boolean, Boolean: true } ? then : otherwise).Run(evaluation);
        (evaluation.This, evaluation.Index) = (outerThis, outerIndex);
    }
}

internal sealed record SortKey(Operation Value, int Direction);

/// <summary>sort(key, -key, …): stable; a missing key comes first in either direction.</summary>
internal sealed class Sort(Operation source, SortKey[] keys) : Operation
{
    public override void Run(Evaluation evaluation)
    {
        FhirPathValue[] sorted;
        using (var items = new ItemLoop(evaluation, source))
        {
            var rows = new List<(FhirPathValue Item, FhirPathValue[] Keys)>();
            while (items.Next()) rows.Add((items.Current, Array.ConvertAll(keys, key => key.Value.OneSystem(evaluation))));
            evaluation.Steps(rows.Count * 20);
            sorted = [.. rows.Order(Comparer<(FhirPathValue Item, FhirPathValue[] Keys)>.Create(Compare)).Select(row => row.Item)];
            evaluation.Truncate(items.Start);
        }
        evaluation.PushAll(sorted);
    }

    private int Compare((FhirPathValue Item, FhirPathValue[] Keys) left, (FhirPathValue Item, FhirPathValue[] Keys) right)
    {
        for (var at = 0; at < keys.Length; at++)
        {
            var (a, b) = (left.Keys[at], right.Keys[at]);
            if (a.IsNone != b.IsNone) return a.IsNone ? -1 : 1;
            var order = a.IsNone ? 0 : (Ordering.Compare(a, b) ?? 0) * keys[at].Direction;
            if (order != 0) return order;
        }
        return 0;
    }
}

/// <summary>defineVariable(name, value): passes its input on and makes %name known to what follows in the same path.</summary>
internal sealed class DefineVariable(Operation source, Operation name, Operation? value) : Operation
{
    public override void Run(Evaluation evaluation)
    {
        var start = evaluation.Count;
        source.Run(evaluation);
        var end = evaluation.Count;
        if (name.OneSystem(evaluation) is not { Kind: FhirPathKind.String } key) throw FhirPathException.Execution("A variable needs a name.");
        for (var defined = evaluation.Variables; defined is not null; defined = defined.Outer)
            if (defined.Name == key.Text) throw FhirPathException.Execution($"The variable %{key.Text} is defined already.");
        var values = evaluation.Copy(start);
        if (value is not null)
        {
            var outer = evaluation.Input;
            evaluation.Input = values;
            value.Run(evaluation);
            evaluation.Input = outer;
            values = evaluation.Copy(end);
            evaluation.Truncate(end);
        }
        evaluation.Variables = new DefinedVariable(key.Text, values, evaluation.Variables);
    }
}

/// <summary>The input of defineVariable(), from which the paths of its value start.</summary>
internal sealed class DefinedInput : Operation
{
    public override void Run(Evaluation evaluation) => evaluation.PushAll(evaluation.Input);
}
