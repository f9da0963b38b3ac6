using EventFhir.Model.Ucum;

namespace EventFhir.Model.FhirPath;

/// <summary>The order of two System values (FHIRPath N1, 6.2).</summary>
internal static class Ordering
{
    /// <summary>Null where precision, zone or unit leaves the order open; types without a common order are an error.</summary>
    public static int? Compare(FhirPathValue left, FhirPathValue right)
    {
        switch (left.Kind, right.Kind)
        {
            case (FhirPathKind.String, FhirPathKind.String):
                return string.CompareOrdinal(left.Text, right.Text);
            case (FhirPathKind.Quantity, FhirPathKind.Quantity):
                return Compare(left.Quantity, right.Quantity);
            case (FhirPathKind.Time, FhirPathKind.Time):
            case (FhirPathKind.Date or FhirPathKind.DateTime, FhirPathKind.Date or FhirPathKind.DateTime):
                return Temporal.Compare(left.Temporal, right.Temporal);
        }
        if (left.IsNumber && right.IsNumber) return left.Number.CompareTo(right.Number);
        if (left.IsNumber && right.Kind is FhirPathKind.Quantity) return Compare(Quantities.OfNumber(left.Number), right.Quantity);
        if (left.Kind is FhirPathKind.Quantity && right.IsNumber) return Compare(left.Quantity, Quantities.OfNumber(right.Number));
        throw FhirPathException.Execution($"{left.TypeInfo} and {right.TypeInfo} have no order.");
    }

    private static int? Compare(FhirPathQuantity left, FhirPathQuantity right) =>
        Quantities.TryAlign(left, right, out var first, out var second) ? first.CompareTo(second) : null;
}
