using EventFhir.Model.Ucum;

namespace EventFhir.Model.FhirPath;

/// <summary>
/// Arithmetic of quantities: units are converted exactly; years and months as words stay apart from UCUM's a and mo, which have a fixed length.
/// </summary>
internal static class Quantities
{
    public static FhirPathQuantity OfNumber(decimal value) => new(value, "1", UnitSystem.Ucum);

    /// <summary>Both values in one unit; false if the units have no common one.</summary>
    public static bool TryAlign(FhirPathQuantity left, FhirPathQuantity right, out decimal first, out decimal second)
    {
        (first, second) = (left.Value, right.Value);
        if (CodeOf(left) is { } code && CodeOf(right) is { } other)
        {
            if (code == other) return true;
            return UcumUnit.TryParse(code, out var unit) && UcumUnit.TryParse(other, out var otherUnit) && unit.IsComparableTo(otherUnit)
                && unit.ToBase(left.Value).TryToDecimal(out first) && otherUnit.ToBase(right.Value).TryToDecimal(out second);
        }
        if (left.System is not UnitSystem.Calendar || right.System is not UnitSystem.Calendar) return false;
        var months = (MonthsOf(left), MonthsOf(right));
        if (months is not ({ } leftMonths, { } rightMonths)) return false;
        (first, second) = (left.Value * leftMonths, right.Value * rightMonths);
        return true;
    }

    public static bool Comparable(FhirPathQuantity left, FhirPathQuantity right) => TryAlign(left, right, out _, out _);

    /// <summary>In the larger of both units, rounded to the precision of the less precise value (FHIRPath N1, 6.1.2).</summary>
    public static bool Equivalent(FhirPathQuantity left, FhirPathQuantity right)
    {
        if (ApproximateCode(left) is not { } code || ApproximateCode(right) is not { } other) return false;
        if (code == other) return Equality.EquivalentNumbers(left.Value, right.Value);
        if (!UcumUnit.TryParse(code, out var unit) || !UcumUnit.TryParse(other, out var otherUnit) || !unit.IsComparableTo(otherUnit)) return false;
        var isLeftLarger = unit.Factor.CompareTo(otherUnit.Factor) >= 0;
        return isLeftLarger
            ? UcumUnit.TryConvert(right.Value, other, code, out var converted) && Equality.EquivalentNumbers(left.Value, converted)
            : UcumUnit.TryConvert(left.Value, code, other, out converted) && Equality.EquivalentNumbers(converted, right.Value);
    }

    /// <summary>Null if the units do not fit together.</summary>
    public static FhirPathQuantity? Add(FhirPathQuantity left, FhirPathQuantity right, int sign)
    {
        if (left.Unit == right.Unit && left.System == right.System) return left with { Value = left.Value + sign * right.Value };
        if (left.System is UnitSystem.Calendar && right.System is UnitSystem.Calendar && MonthsOf(left) is { } months
            && MonthsOf(right) is { } others)
            return left with { Value = left.Value + sign * right.Value * others / months };
        return CodeOf(left) is { } code && CodeOf(right) is { } other && UcumUnit.TryConvert(right.Value, other, code, out var converted)
            ? left with { Value = left.Value + sign * converted }
            : null;
    }

    public static FhirPathQuantity? Multiply(FhirPathQuantity left, FhirPathQuantity right) => Combine(left, right, left.Value * right.Value, '.');

    public static FhirPathQuantity? Divide(FhirPathQuantity left, FhirPathQuantity right) =>
        right.Value == 0 ? null : Combine(left, right, left.Value / right.Value, '/');

    /// <summary>Null if the quantity is not a valid one of that unit.</summary>
    public static FhirPathQuantity? ConvertTo(FhirPathQuantity quantity, string unit)
    {
        var target = FhirPathQuantity.IsCalendarKeyword(unit)
            ? new FhirPathQuantity(1, unit, UnitSystem.Calendar)
            : new FhirPathQuantity(1, unit, UnitSystem.Ucum);
        return Add(target with { Value = 0 }, quantity, 1);
    }

    private static FhirPathQuantity? Combine(FhirPathQuantity left, FhirPathQuantity right, decimal value, char join)
    {
        if (CodeOf(left) is not { } code || CodeOf(right) is not { } other) return null;
        if (other == "1") return left with { Value = value };
        var unit = join == '.' && code == "1" ? other : $"{Grouped(code)}{join}{Grouped(other)}";
        return UcumUnit.TryParse(unit, out var parsed)
            ? new FhirPathQuantity(value, parsed.Dimension.IsEmpty && parsed.Factor == Rational.One ? "1" : unit, UnitSystem.Ucum)
            : null;
    }

    private static string Grouped(string code) => code.AsSpan().IndexOfAny('.', '/') >= 0 ? $"({code})" : code;

    /// <summary>The UCUM code; null for calendar years and months.</summary>
    private static string? CodeOf(FhirPathQuantity quantity) =>
        quantity.System is UnitSystem.Ucum ? quantity.Unit : FhirPathQuantity.UcumOf(quantity.Unit);

    /// <summary>In equivalence a calendar year is as long as the unit a, a month as mo.</summary>
    private static string? ApproximateCode(FhirPathQuantity quantity) => CodeOf(quantity) ?? FhirPathQuantity.SingularOf(quantity.Unit) switch
    {
        "year" => "a",
        "month" => "mo",
        _ => null,
    };

    private static decimal? MonthsOf(FhirPathQuantity quantity) => FhirPathQuantity.SingularOf(quantity.Unit) switch
    {
        "year" => 12,
        "month" => 1,
        _ => null,
    };
}
