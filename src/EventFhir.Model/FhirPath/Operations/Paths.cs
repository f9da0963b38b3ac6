using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.Model.FhirPath.Operations;

/// <summary>
/// A step to the children of a name. <paramref name="name"/> is the string of the definition tables, so comparing it is comparing references.
/// </summary>
internal sealed class ChildStep(Operation source, string name) : Operation
{
    public override void Run(Evaluation evaluation)
    {
        if (source is ThisItem)
        {
            if (evaluation.This.IsElement) PushChildren(evaluation, evaluation.This.Element);
            else PushPart(evaluation, evaluation.This);
            return;
        }
        var start = evaluation.Count;
        source.Run(evaluation);
        var end = evaluation.Count;
        for (var at = start; at < end; at++)
        {
            if (evaluation[at].IsElement) PushChildren(evaluation, evaluation[at].Element);
            else PushPart(evaluation, evaluation[at]);
        }
        evaluation.Drop(start, end);
    }

    public override bool Any(Evaluation evaluation)
    {
        if (source is ThisItem) return evaluation.This.IsElement ? HasChild(evaluation, evaluation.This.Element) : base.Any(evaluation);
        var start = evaluation.Count;
        source.Run(evaluation);
        var any = false;
        for (var at = start; at < evaluation.Count && !any; at++)
        {
            if (evaluation[at].IsElement) any = HasChild(evaluation, evaluation[at].Element);
            else PushPart(evaluation, evaluation[at]);
        }
        evaluation.Truncate(start);
        return any;
    }

    private bool HasChild(Evaluation evaluation, Element element)
    {
        evaluation.Step();
        foreach (var _ in element.ChildrenNamed(name)) return true;
        return false;
    }

    private void PushChildren(Evaluation evaluation, Element element)
    {
        foreach (var child in element.ChildrenNamed(name)) evaluation.Push(FhirPathValue.Of(child));
    }

    /// <summary>The parts of System values that have some.</summary>
    private void PushPart(Evaluation evaluation, FhirPathValue value)
    {
        switch (value.Kind)
        {
            case FhirPathKind.Type when name == "name": evaluation.Push(value.Type.Name); break;
            case FhirPathKind.Type when name == "namespace": evaluation.Push(value.Type.Namespace); break;
            case FhirPathKind.Quantity when name == "value": evaluation.Push(FhirPathValue.Of(value.Quantity.Value)); break;
            case FhirPathKind.Quantity when name is "unit" or "code": evaluation.Push(value.Quantity.Unit); break;
        }
    }
}

/// <summary>
/// A step by a name that is the JSON name of a choice, such as valueQuantity, in some type. Where it is, it names no element in FHIRPath, and saying
/// so beats answering nothing.
/// </summary>
internal sealed class ChoiceNameStep(Operation source, string name, int position) : Operation
{
    private readonly ChildStep step = new(source, name);

    public override void Run(Evaluation evaluation)
    {
        var start = evaluation.Count;
        source.Run(evaluation);
        foreach (var value in evaluation.From(start))
            if (value.IsElement && IsChoiceName(value.Element.Type))
                throw FhirPathException.Semantic($"{name} is a name of JSON; in FHIRPath the element has the name without the type.", position);
        evaluation.Truncate(start);
        step.Run(evaluation);
    }

    private bool IsChoiceName(TypeDefinition type)
    {
        foreach (var element in type.Elements)
            foreach (var property in element.Properties)
                if (element.IsChoice && property.Name == name) return true;
        return false;
    }
}

internal sealed class IndexStep(Operation source, Operation index) : Operation
{
    public override void Run(Evaluation evaluation)
    {
        var start = evaluation.Count;
        source.Run(evaluation);
        var end = evaluation.Count;
        var at = index.OneSystem(evaluation);
        if (at.Kind is not (FhirPathKind.Integer or FhirPathKind.None)) throw FhirPathException.Execution("An index must be an integer.");
        if (at.IsNone || at.Integer < 0 || at.Integer >= end - start)
        {
            evaluation.Truncate(start);
            return;
        }
        evaluation[start] = evaluation[start + at.Integer];
        evaluation.Truncate(start + 1);
    }
}

internal sealed class Children(Operation source) : Operation
{
    public override void Run(Evaluation evaluation)
    {
        var start = evaluation.Count;
        source.Run(evaluation);
        var end = evaluation.Count;
        for (var at = start; at < end; at++)
            if (evaluation[at].IsElement)
                foreach (var child in evaluation[at].Element.Children) evaluation.Push(FhirPathValue.Of(child));
        evaluation.Drop(start, end);
    }

    public override int Count(Evaluation evaluation)
    {
        var start = evaluation.Count;
        source.Run(evaluation);
        var count = 0;
        foreach (var value in evaluation.From(start))
            if (value.IsElement)
                foreach (var _ in value.Element.Children) count++;
        evaluation.Truncate(start);
        evaluation.Steps(count);
        return count;
    }
}

internal sealed class Descendants(Operation source) : Operation
{
    public override void Run(Evaluation evaluation)
    {
        var start = evaluation.Count;
        source.Run(evaluation);
        var end = evaluation.Count;
        for (var at = start; at < end; at++)
            if (evaluation[at].IsElement) PushBelow(evaluation, evaluation[at].Element);
        evaluation.Drop(start, end);
    }

    /// <summary>In document order; the reader bounds the depth.</summary>
    private static void PushBelow(Evaluation evaluation, Element element)
    {
        foreach (var child in element.Children)
        {
            evaluation.Push(FhirPathValue.Of(child));
            PushBelow(evaluation, child);
        }
    }
}
