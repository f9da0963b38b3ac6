namespace EventFhir.Model.FhirPath.Functions;

/// <summary>FHIRPath N1, 5.7. What has no real result, or one out of range, is empty.</summary>
internal static class Mathematics
{
    public static Function[] Functions { get; } =
    [
        Of("abs", 0, 0, (value, _) => value.Kind switch
        {
            FhirPathKind.Quantity => FhirPathValue.Of(value.Quantity with { Value = Math.Abs(value.Quantity.Value) }),
            FhirPathKind.Integer => FhirPathValue.Of(Math.Abs(value.Integer)),
            FhirPathKind.Long => FhirPathValue.Of(Math.Abs(value.Long)),
            _ => FhirPathValue.Of(Math.Abs(value.Decimal)),
        }),
        Of("ceiling", 0, 0, (value, _) => Whole(decimal.Ceiling(value.Number))),
        Of("floor", 0, 0, (value, _) => Whole(decimal.Floor(value.Number))),
        Of("truncate", 0, 0, (value, _) => Whole(decimal.Truncate(value.Number))),
        Of("round", 0, 1, Round),
        Of("sqrt", 0, 0, (value, _) => Real(Math.Sqrt((double)value.Number))),
        Of("exp", 0, 0, (value, _) => Real(Math.Exp((double)value.Number))),
        Of("ln", 0, 0, (value, _) => value.Number > 0 ? Real(Math.Log((double)value.Number)) : default),
        Of("log", 1, 1, (value, arguments) => value.Number > 0 && arguments[0].Number > 0 && arguments[0].Number != 1
            ? Real(Math.Log((double)value.Number) / Math.Log((double)arguments[0].Number))
            : default),
        Of("power", 1, 1, Power),
    ];

    private static Function Of(string name, int argumentsMin, int argumentsMax, ScalarBody body) =>
        Function.Scalar(name, argumentsMin, argumentsMax, (input, arguments) =>
        {
            if (!input.IsNumber && !(name == "abs" && input.Kind is FhirPathKind.Quantity))
                throw FhirPathException.Execution($"{name}() needs a number, not {input.TypeInfo}.");
            if (arguments.Length > 0 && !arguments[0].IsNumber) throw FhirPathException.Execution($"The argument of {name}() must be a number.");
            try
            {
                return body(input, arguments);
            }
            catch (OverflowException)
            {
                return default;
            }
        });

    private static FhirPathValue Whole(decimal value) =>
        value is >= int.MinValue and <= int.MaxValue ? FhirPathValue.Of((int)value) : FhirPathValue.Of(value);

    /// <summary>Rounded to 14 digits, within which the functions of double are exact.</summary>
    private static FhirPathValue Real(double value) =>
        double.IsFinite(value) && Math.Abs(value) < 7.9e28 ? FhirPathValue.Of(SignificantDigits(value)) : default;

    private static decimal SignificantDigits(double value)
    {
        if (value == 0) return 0;
        var exact = (decimal)value;
        var scale = 14 - (int)Math.Floor(Math.Log10(Math.Abs(value)));
        return scale is >= 0 and <= 28 ? Math.Round(exact, scale) : exact;
    }

    private static FhirPathValue Round(FhirPathValue value, FhirPathValue[] arguments)
    {
        var digits = arguments.Length == 0 ? 0 : arguments[0].Number;
        if (digits is < 0 or > 28) throw FhirPathException.Execution("round() takes 0 to 28 digits.");
        return FhirPathValue.Of(Math.Round(value.Number, (int)digits, MidpointRounding.AwayFromZero));
    }

    private static FhirPathValue Power(FhirPathValue value, FhirPathValue[] arguments)
    {
        var exponent = arguments[0].Number;
        if (exponent != decimal.Truncate(exponent) || Math.Abs(exponent) > 1_000)
            return Real(Math.Pow((double)value.Number, (double)exponent));
        var power = 1m;
        for (var times = 0; times < Math.Abs(exponent); times++) power *= value.Number;
        if (exponent < 0) return power == 0 ? default : FhirPathValue.Of(1 / power);
        return value.Kind is FhirPathKind.Integer ? Whole(power) : FhirPathValue.Of(power);
    }
}
