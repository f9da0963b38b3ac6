using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.Model.FhirPath.Operations;

/// <summary>
/// A compiled node. <see cref="Run"/> pushes the result; the others answer a narrower question, where an operation can do it without making
/// the collection. Operations hold no state of a run and serve all threads.
/// </summary>
internal abstract class Operation
{
    public abstract void Run(Evaluation evaluation);

    /// <summary>True if the result has an item.</summary>
    public virtual bool Any(Evaluation evaluation) => Count(evaluation) > 0;

    public virtual int Count(Evaluation evaluation)
    {
        var start = evaluation.Count;
        Run(evaluation);
        var count = evaluation.Count - start;
        evaluation.Truncate(start);
        return count;
    }

    /// <summary>The result as a condition.</summary>
    public virtual Truth Test(Evaluation evaluation)
    {
        var start = evaluation.Count;
        Run(evaluation);
        return evaluation.TakeTruth(start);
    }

    /// <summary>The only item of the result, or none; several are an error.</summary>
    public FhirPathValue One(Evaluation evaluation)
    {
        var start = evaluation.Count;
        Run(evaluation);
        return evaluation.TakeOne(start);
    }

    /// <summary>As <see cref="One"/>, as a System value.</summary>
    public FhirPathValue OneSystem(Evaluation evaluation) => SystemValues.ToSystem(One(evaluation));
}

/// <summary>An operation that answers with a Boolean or nothing.</summary>
internal abstract class Condition : Operation
{
    public abstract override Truth Test(Evaluation evaluation);

    public sealed override void Run(Evaluation evaluation) => evaluation.Push(Test(evaluation));

    public sealed override int Count(Evaluation evaluation) => Test(evaluation) is Truth.Empty ? 0 : 1;

    protected static Truth Of(bool value) => value ? Truth.True : Truth.False;

    protected static Truth Of(bool? value) => value is { } known ? Of(known) : Truth.Empty;
}

internal sealed class Constant(FhirPathValue value) : Operation
{
    public FhirPathValue Value { get; } = value;

    public override void Run(Evaluation evaluation) => evaluation.Push(Value);
}

internal sealed class Nothing : Operation
{
    public override void Run(Evaluation evaluation) { }
}

internal sealed class ThisItem : Operation
{
    public override void Run(Evaluation evaluation)
    {
        if (!evaluation.This.IsNone) evaluation.Push(evaluation.This);
    }
}

internal sealed class ThisIndex : Operation
{
    public override void Run(Evaluation evaluation) => evaluation.Push(FhirPathValue.Of(evaluation.Index));
}

internal sealed class ThisTotal : Operation
{
    public override void Run(Evaluation evaluation) => evaluation.PushAll(evaluation.Total);
}

/// <summary>The name of a type at the start of a path: the context item if it has the type (FHIRPath N1, 5.1 "path selection").</summary>
internal sealed class TypeStart(TypeDefinition type) : Operation
{
    public override void Run(Evaluation evaluation)
    {
        if (evaluation.This is { IsElement: true } value && value.Element.Type.Is(type)) evaluation.Push(value);
    }
}

/// <summary>A variable of the caller or of defineVariable().</summary>
internal sealed class NamedVariable(string name, int position) : Operation
{
    public override void Run(Evaluation evaluation)
    {
        for (var defined = evaluation.Variables; defined is not null; defined = defined.Outer)
        {
            if (defined.Name != name) continue;
            evaluation.PushAll(defined.Values);
            return;
        }
        if (!evaluation.Context.Variables.TryGetValue(name, out var values))
            throw FhirPathException.Semantic($"There is no variable %{name}.", position);
        evaluation.PushAll(values);
    }
}

internal sealed class ContextItem : Operation
{
    public override void Run(Evaluation evaluation) => evaluation.Push(FhirPathValue.Of(evaluation.Focus));
}

/// <summary>%resource and %rootResource (R4 fhirpath.html#variables).</summary>
internal sealed class SurroundingResource(Func<EvaluationContext, Element?> given, Func<Element, Element> find) : Operation
{
    public static SurroundingResource Nearest() => new(context => context.Resource, ResourceOf);

    public static SurroundingResource Outermost() => new(context => context.RootResource ?? context.Resource, ContainerOf);

    public override void Run(Evaluation evaluation) =>
        evaluation.Push(FhirPathValue.Of(given(evaluation.Context) ?? find(evaluation.Focus)));

    private static Element ResourceOf(Element element)
    {
        while (!element.Type.IsResource && !element.IsRoot) element = element.Parent;
        return element;
    }

    private static Element ContainerOf(Element element)
    {
        var resource = ResourceOf(element);
        return resource.Definition is { Name: "contained" } ? ResourceOf(resource.Parent) : resource;
    }
}
