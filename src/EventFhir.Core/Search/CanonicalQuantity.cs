using EventFhir.Model.Ucum;

namespace EventFhir.Core.Search;

/// <summary>A quantity of a query in the canonical units of UCUM: 5 mg is 0.005 g (docs/conformance.md).</summary>
/// <param name="Unit">The canonical unit.</param>
public readonly record struct CanonicalQuantity(SearchValue.Number Number, string Unit)
{
    public const string System = "http://unitsofmeasure.org";

    /// <summary>False if the quantity has no unit of UCUM.</summary>
    public static bool TryOf(SearchValue.Quantity quantity, out CanonicalQuantity canonical)
    {
        canonical = default;
        if (quantity is not { System: System, Unit: { } code }) return false;
        if (!UcumUnit.TryCanonicalize(quantity.Amount.Value, code, out var value, out var unit)) return false;
        if (!UcumUnit.TryCanonicalize(quantity.Amount.Low, code, out var low, out _)) return false;
        if (!UcumUnit.TryCanonicalize(quantity.Amount.High, code, out var high, out _)) return false;
        canonical = new(quantity.Amount with { Value = value, Low = Math.Min(low, high), High = Math.Max(low, high) }, unit);
        return true;
    }
}
