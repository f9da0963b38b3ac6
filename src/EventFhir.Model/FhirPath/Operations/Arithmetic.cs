namespace EventFhir.Model.FhirPath.Operations;

/// <summary>+ - * / div mod (FHIRPath N1, 6.6). An empty operand gives empty; a result that is out of range gives empty as well.</summary>
internal sealed class Arithmetic(Operation left, Operation right, FhirPathOperator operation) : Operation
{
    public override void Run(Evaluation evaluation)
    {
        var (first, second) = (left.OneSystem(evaluation), right.OneSystem(evaluation));
        if (first.IsNone || second.IsNone) return;
        var result = Compute(first, second);
        if (result.Kind is FhirPathKind.String) evaluation.Push(result.Text);
        else if (!result.IsNone) evaluation.Push(result);
    }

    private FhirPathValue Compute(FhirPathValue first, FhirPathValue second)
    {
        try
        {
            if (first.Kind is FhirPathKind.String && second.Kind is FhirPathKind.String && operation is FhirPathOperator.Add)
                return FhirPathValue.Of(first.Text + second.Text);
            if (first.IsNumber && second.IsNumber) return OfNumbers(first, second);
            if (first.IsTemporal && second.Kind is FhirPathKind.Quantity && operation is FhirPathOperator.Add or FhirPathOperator.Subtract)
                return TemporalArithmetic.Add(first.Temporal, second.Quantity, operation is FhirPathOperator.Add ? 1 : -1) is { } moment
                    ? FhirPathValue.Of(moment)
                    : default;
            if (AsQuantity(first) is { } a && AsQuantity(second) is { } b)
                return OfQuantities(a, b) is { } quantity ? FhirPathValue.Of(quantity) : default;
        }
        catch (OverflowException)
        {
            return default;
        }
        throw FhirPathException.Execution($"{operation} is not defined for {first.TypeInfo} and {second.TypeInfo}.");
    }

    private static FhirPathQuantity? AsQuantity(FhirPathValue value) =>
        value.Kind is FhirPathKind.Quantity ? value.Quantity : value.IsNumber ? Quantities.OfNumber(value.Number) : null;

    private FhirPathQuantity? OfQuantities(FhirPathQuantity first, FhirPathQuantity second) => operation switch
    {
        FhirPathOperator.Add => Quantities.Add(first, second, 1),
        FhirPathOperator.Subtract => Quantities.Add(first, second, -1),
        FhirPathOperator.Multiply => Quantities.Multiply(first, second),
        FhirPathOperator.Divide => Quantities.Divide(first, second),
        _ => throw FhirPathException.Execution($"{operation} is not defined for quantities."),
    };

    private FhirPathValue OfNumbers(FhirPathValue first, FhirPathValue second)
    {
        if (first.Kind is FhirPathKind.Decimal || second.Kind is FhirPathKind.Decimal || operation is FhirPathOperator.Divide)
            return OfDecimals(first.Number, second.Number);
        var (a, b) = (first.Long, second.Long);
        var isDivision = operation is FhirPathOperator.IntegerDivide or FhirPathOperator.Modulo;
        if (isDivision && b == 0) return default;
        var result = checked(operation switch
        {
            FhirPathOperator.Add => a + b,
            FhirPathOperator.Subtract => a - b,
            FhirPathOperator.Multiply => a * b,
            FhirPathOperator.IntegerDivide => a / b,
            _ => a % b,
        });
        if (first.Kind is FhirPathKind.Long || second.Kind is FhirPathKind.Long) return FhirPathValue.Of(result);
        return result is >= int.MinValue and <= int.MaxValue ? FhirPathValue.Of((int)result) : default;
    }

    private FhirPathValue OfDecimals(decimal first, decimal second)
    {
        if (second == 0 && operation is FhirPathOperator.Divide or FhirPathOperator.IntegerDivide or FhirPathOperator.Modulo) return default;
        return operation switch
        {
            FhirPathOperator.Add => FhirPathValue.Of(first + second),
            FhirPathOperator.Subtract => FhirPathValue.Of(first - second),
            FhirPathOperator.Multiply => FhirPathValue.Of(first * second),
            FhirPathOperator.Divide => FhirPathValue.Of(first / second),
            FhirPathOperator.Modulo => FhirPathValue.Of(first % second),
            _ => decimal.Truncate(first / second) is >= int.MinValue and <= int.MaxValue and var whole ? FhirPathValue.Of((int)whole) : default,
        };
    }
}

/// <summary>text &amp; text: empty counts as the empty text.</summary>
internal sealed class Concatenation(Operation left, Operation right) : Operation
{
    public override void Run(Evaluation evaluation) => evaluation.Push(TextOf(left.OneSystem(evaluation)) + TextOf(right.OneSystem(evaluation)));

    private static string TextOf(FhirPathValue value) => value.Kind switch
    {
        FhirPathKind.None => "",
        FhirPathKind.String => value.Text,
        _ => throw FhirPathException.Execution($"& needs texts, not {value.TypeInfo}."),
    };
}

internal sealed class Negation(Operation operand) : Operation
{
    public Operation Operand { get; } = operand;

    public override void Run(Evaluation evaluation)
    {
        var value = Operand.OneSystem(evaluation);
        switch (value.Kind)
        {
            case FhirPathKind.None: break;
            case FhirPathKind.Integer when value.Integer != int.MinValue: evaluation.Push(FhirPathValue.Of(-value.Integer)); break;
            case FhirPathKind.Long when value.Long != long.MinValue: evaluation.Push(FhirPathValue.Of(-value.Long)); break;
            case FhirPathKind.Decimal: evaluation.Push(FhirPathValue.Of(-value.Decimal)); break;
            case FhirPathKind.Quantity: evaluation.Push(FhirPathValue.Of(value.Quantity with { Value = -value.Quantity.Value })); break;
            default: throw FhirPathException.Execution($"{value.TypeInfo} cannot be negated.");
        }
    }
}
