using System.Globalization;
using System.Text;

using EventFhir.Model.Elements;
using EventFhir.Model.Ucum;

namespace EventFhir.Model.FhirPath;

/// <summary>Equality and equivalence (FHIRPath N1, 6.1).</summary>
internal static class Equality
{
    /// <summary>Null where precision, zone or unit leaves it open.</summary>
    public static bool? Equal(FhirPathValue left, FhirPathValue right)
    {
        if (left.IsSameElement(right)) return true;
        var (a, b) = (SystemValues.ToSystem(left), SystemValues.ToSystem(right));
        if (a.IsNone || b.IsNone) return left.IsElement && right.IsElement && SameContent(left.Element, right.Element);
        switch (a.Kind, b.Kind)
        {
            case (FhirPathKind.String, FhirPathKind.String): return a.Text == b.Text;
            case (FhirPathKind.Boolean, FhirPathKind.Boolean): return a.Boolean == b.Boolean;
            case (FhirPathKind.Quantity, FhirPathKind.Quantity): return EqualQuantities(a.Quantity, b.Quantity);
            case (FhirPathKind.Type, FhirPathKind.Type): return a.Type == b.Type;
            case (FhirPathKind.Element, FhirPathKind.Element): return SameContent(a.Element, b.Element);
            case (FhirPathKind.Time, FhirPathKind.Time):
            case (FhirPathKind.Date or FhirPathKind.DateTime, FhirPathKind.Date or FhirPathKind.DateTime):
                return Temporal.Compare(a.Temporal, b.Temporal) is { } order ? order == 0 : null;
        }
        if (a.IsNumber && b.IsNumber) return a.Number == b.Number;
        if (a.IsNumber && b.Kind is FhirPathKind.Quantity) return EqualQuantities(Quantities.OfNumber(a.Number), b.Quantity);
        if (a.Kind is FhirPathKind.Quantity && b.IsNumber) return EqualQuantities(a.Quantity, Quantities.OfNumber(b.Number));
        return false;
    }

    /// <summary>Item by item, in order.</summary>
    public static bool? Equal(ReadOnlySpan<FhirPathValue> left, ReadOnlySpan<FhirPathValue> right)
    {
        if (left.Length != right.Length) return false;
        var isOpen = false;
        for (var at = 0; at < left.Length; at++)
        {
            var equal = Equal(left[at], right[at]);
            if (equal is false) return false;
            isOpen |= equal is null;
        }
        return isOpen ? null : true;
    }

    public static bool Equivalent(FhirPathValue left, FhirPathValue right)
    {
        if (left.IsSameElement(right)) return true;
        var (a, b) = (SystemValues.ToSystem(left), SystemValues.ToSystem(right));
        switch (a.Kind, b.Kind)
        {
            case (FhirPathKind.String, FhirPathKind.String): return Folded(a.Text) == Folded(b.Text);
            case (FhirPathKind.Quantity, FhirPathKind.Quantity): return Quantities.Equivalent(a.Quantity, b.Quantity);
            case (FhirPathKind.Element, FhirPathKind.Element): return SameContent(a.Element, b.Element, Equivalent);
            case (FhirPathKind.Date or FhirPathKind.DateTime, FhirPathKind.Date or FhirPathKind.DateTime):
                return Temporal.SamePrecision(a.Temporal, b.Temporal) && Equal(a, b) is true;
        }
        if (a.IsNumber && b.IsNumber) return EquivalentNumbers(a.Number, b.Number);
        return Equal(left, right) is true;
    }

    /// <summary>In any order.</summary>
    public static bool Equivalent(ReadOnlySpan<FhirPathValue> left, ReadOnlySpan<FhirPathValue> right, Evaluation evaluation)
    {
        if (left.Length != right.Length) return false;
        var taken = new bool[right.Length];
        foreach (var value in left)
        {
            var found = -1;
            for (var at = 0; at < right.Length && found < 0; at++)
            {
                evaluation.Step();
                if (!taken[at] && Equivalent(value, right[at])) found = at;
            }
            if (found < 0) return false;
            taken[found] = true;
        }
        return true;
    }

    /// <summary>Both rounded to the precision of the less precise one.</summary>
    public static bool EquivalentNumbers(decimal left, decimal right)
    {
        var digits = Math.Min(SignificantScale(left), SignificantScale(right));
        return Math.Round(left, digits, MidpointRounding.AwayFromZero) == Math.Round(right, digits, MidpointRounding.AwayFromZero);
    }

    /// <summary>The decimal places without trailing zeros.</summary>
    private static int SignificantScale(decimal value)
    {
        int scale = value.Scale;
        while (scale > 0 && Math.Round(value, scale - 1) == value) scale--;
        return scale;
    }

    private static bool? EqualQuantities(FhirPathQuantity left, FhirPathQuantity right) =>
        Quantities.TryAlign(left, right, out var first, out var second) ? first == second : null;

    private static bool SameContent(Element left, Element right) => SameContent(left, right, static (a, b) => Equal(a, b) is true);

    /// <summary>Same type and the same children under each name, in order within a name; JSON may order the names as it likes.</summary>
    private static bool SameContent(Element left, Element right, Func<FhirPathValue, FhirPathValue, bool> same)
    {
        if (left.Type != right.Type || left.HasValue != right.HasValue) return false;
        if (left.HasValue && !SamePrimitive(left, right, same)) return false;
        var (leftCount, rightCount) = (0, 0);
        foreach (var _ in right.Children) rightCount++;
        var previous = "";
        var siblings = right.ChildrenNamed(previous).GetEnumerator();
        foreach (var child in left.Children)
        {
            leftCount++;
            if (child.Name != previous) siblings = right.ChildrenNamed(previous = child.Name).GetEnumerator();
            if (!siblings.MoveNext() || !SameChild(child, siblings.Current, same)) return false;
        }
        return leftCount == rightCount;
    }

    /// <summary>What has no System value (a decimal that is too large, say) is equal to the same text only; asking again would never end.</summary>
    private static bool SamePrimitive(Element left, Element right, Func<FhirPathValue, FhirPathValue, bool> same)
    {
        var (a, b) = (FhirPathValue.Of(left), FhirPathValue.Of(right));
        return SystemValues.ToSystem(a).IsNone || SystemValues.ToSystem(b).IsNone ? left.Text == right.Text : same(a, b);
    }

    private static bool SameChild(Element left, Element right, Func<FhirPathValue, FhirPathValue, bool> same) =>
        left.Type.IsPrimitive && left.HasValue && right.HasValue
            ? same(FhirPathValue.Of(left), FhirPathValue.Of(right))
            : SameContent(left, right, same);

    /// <summary>Lower case, with every run of blanks as one space.</summary>
    private static string Folded(string text)
    {
        var folded = new StringBuilder(text.Length);
        foreach (var letter in text.Trim())
        {
            var isBlank = char.IsWhiteSpace(letter);
            if (!isBlank) folded.Append(char.ToLower(letter, CultureInfo.InvariantCulture));
            else if (folded[^1] != ' ') folded.Append(' ');
        }
        return folded.ToString();
    }
}

/// <summary>Equality for sets of items: the hash agrees with <see cref="Equality.Equal(FhirPathValue, FhirPathValue)"/>.</summary>
internal sealed class ItemComparer(Evaluation evaluation) : IEqualityComparer<FhirPathValue>
{
    public bool Equals(FhirPathValue x, FhirPathValue y)
    {
        evaluation.Step();
        return Equality.Equal(x, y) is true;
    }

    public int GetHashCode(FhirPathValue obj)
    {
        var value = SystemValues.ToSystem(obj);
        return value.Kind switch
        {
            FhirPathKind.String => value.Text.GetHashCode(StringComparison.Ordinal),
            FhirPathKind.Boolean => value.Boolean ? 1 : 2,
            FhirPathKind.Integer or FhirPathKind.Long or FhirPathKind.Decimal => value.Number.GetHashCode(),
            FhirPathKind.Date or FhirPathKind.DateTime or FhirPathKind.Time => value.Temporal.UtcTicks.GetHashCode(),
            FhirPathKind.Element => ContentHash(value.Element),
            // Equal quantities may look quite different, so they share one place.
            _ => 3,
        };
    }

    private static int ContentHash(Element element)
    {
        var hash = element.Type.Name.GetHashCode(StringComparison.Ordinal);
        foreach (var child in element.Children)
            if (child.HasValue && SystemValues.IsText(child.Type.Primitive)) hash ^= child.Text.GetHashCode(StringComparison.Ordinal);
        return hash;
    }
}
