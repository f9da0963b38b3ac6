using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.Model.FhirPath;

/// <summary>The outcome of a condition: FHIRPath's three-valued logic.</summary>
internal enum Truth : byte { Empty, False, True }

/// <summary>
/// One run of an expression: a stack of items on which every operation leaves its result, and the current context item. An operation notes the
/// height, lets its operands push, and replaces what they pushed; so collections of any size cost no allocation. Hot path, measured by
/// Benchmarks/Micro.
/// </summary>
internal sealed class Evaluation
{
    private const int StackMax = 4_000_000;
    private const int TextCharactersMax = 4_000_000;

    [ThreadStatic] private static Evaluation? spare;

    private FhirPathValue[] stack = new FhirPathValue[64];
    private int used;
    private int stepsLeft;

    public int Count { get; private set; }
    public Element Focus { get; private set; }
    public Release Release { get; private set; } = null!;
    public EvaluationContext Context { get; private set; } = EvaluationContext.Default;

    /// <summary>$this, $index and $total; lambdas set and restore them.</summary>
    public FhirPathValue This;
    public int Index;
    public FhirPathValue[] Total = [];

    /// <summary>The input of the innermost defineVariable().</summary>
    public FhirPathValue[] Input = [];

    /// <summary>What defineVariable() has added, innermost first.</summary>
    public DefinedVariable? Variables;

    public static Evaluation Begin(Element focus, EvaluationContext context)
    {
        var evaluation = spare ?? new Evaluation();
        spare = null;
        (evaluation.Focus, evaluation.Context, evaluation.Release) = (focus, context, focus.Resource.Release);
        (evaluation.This, evaluation.Index, evaluation.Total, evaluation.Variables) = (FhirPathValue.Of(focus), 0, [], null);
        (evaluation.stepsLeft, evaluation.Count, evaluation.used) = (context.StepsMax, 0, 0);
        return evaluation;
    }

    /// <summary>Gives the buffers back to the thread; they must not keep resources alive.</summary>
    public void End()
    {
        if (stack.Length > 4096) stack = new FhirPathValue[64];
        else Array.Clear(stack, 0, used);
        (This, Focus, Total, Input, Variables, Context) = (default, default, [], [], null, EvaluationContext.Default);
        spare = this;
    }

    public ref FhirPathValue this[int at] => ref stack[at];

    public ReadOnlySpan<FhirPathValue> From(int start) => stack.AsSpan(start, Count - start);

    public void Push(FhirPathValue value)
    {
        if (--stepsLeft < 0) throw TooLong();
        if (Count == stack.Length) Grow();
        stack[Count++] = value;
        if (Count > used) used = Count;
    }

    public void Push(string text)
    {
        if (text.Length > TextCharactersMax) throw FhirPathException.Limit("A text grew too long.");
        // Long texts cost steps, so that no loop can spend its time on making them.
        stepsLeft -= text.Length >> 6;
        Push(FhirPathValue.Of(text));
    }

    public void Push(Truth truth)
    {
        if (truth is not Truth.Empty) Push(FhirPathValue.Of(truth is Truth.True));
    }

    public void PushAll(ReadOnlySpan<FhirPathValue> values)
    {
        foreach (var value in values) Push(value);
    }

    /// <summary>Counts work that pushes nothing.</summary>
    public void Step()
    {
        if (--stepsLeft < 0) throw TooLong();
    }

    public void Steps(int count)
    {
        if ((stepsLeft -= count) < 0) throw TooLong();
    }

    public void Truncate(int count) => Count = count;

    /// <summary>Removes what lies between the two heights, so that only what was pushed after <paramref name="end"/> stays.</summary>
    public void Drop(int start, int end)
    {
        Array.Copy(stack, end, stack, start, Count - end);
        Count -= end - start;
    }

    /// <summary>Takes everything above the height as one item or none.</summary>
    public FhirPathValue TakeOne(int start)
    {
        var count = Count - start;
        if (count > 1) throw FhirPathException.Execution("A single item is needed here, but there are several.");
        Count = start;
        return count == 0 ? default : stack[start];
    }

    /// <summary>Takes everything above the height as a condition (FHIRPath N1, 4.5: a single item that is no Boolean counts as true).</summary>
    public Truth TakeTruth(int start)
    {
        var value = TakeOne(start);
        if (value.IsNone) return Truth.Empty;
        if (value.Kind is FhirPathKind.Boolean) return value.Boolean ? Truth.True : Truth.False;
        if (value.IsElement && value.Element.Type.Primitive is PrimitiveKind.Boolean)
            return !value.Element.HasValue ? Truth.Empty : value.Element.RawValue[0] == 't' ? Truth.True : Truth.False;
        return Truth.True;
    }

    public FhirPathValue[] Copy(int start) => From(start).ToArray();

    private void Grow()
    {
        if (stack.Length >= StackMax) throw TooLong();
        Array.Resize(ref stack, stack.Length * 2);
    }

    private static FhirPathException TooLong() => FhirPathException.Limit("The evaluation was stopped: it takes too many steps.");
}

internal sealed record DefinedVariable(string Name, FhirPathValue[] Values, DefinedVariable? Outer);
