using System.Text;

using EventFhir.Model.Elements;

namespace EventFhir.Model.FhirPath.Operations;

internal enum Polarity { Same, Different }

internal sealed class EqualTo(Operation left, Operation right, Polarity polarity) : Condition
{
    public override Truth Test(Evaluation evaluation)
    {
        var start = evaluation.Count;
        left.Run(evaluation);
        var middle = evaluation.Count;
        if (middle == start) return Truth.Empty;
        right.Run(evaluation);
        var isEmpty = evaluation.Count == middle;
        bool? equal = null;
        if (!isEmpty)
        {
            evaluation.Steps(middle - start);
            equal = Equality.Equal(evaluation.From(start)[..(middle - start)], evaluation.From(middle));
        }
        evaluation.Truncate(start);
        return isEmpty ? Truth.Empty : Of(polarity is Polarity.Same ? equal : !equal);
    }
}

/// <summary>Equality with a text literal, the commonest comparison: looks at the bytes of the element and makes no string.</summary>
internal sealed class EqualToText(Operation left, string text, Polarity polarity) : Condition
{
    private readonly byte[] utf8 = Encoding.UTF8.GetBytes(text);
    private readonly FhirPathValue literal = FhirPathValue.Of(text);

    public override Truth Test(Evaluation evaluation)
    {
        var start = evaluation.Count;
        left.Run(evaluation);
        var count = evaluation.Count - start;
        var answer = count switch
        {
            0 => Truth.Empty,
            1 => Of(IsSame(evaluation[start]) == (polarity is Polarity.Same)),
            _ => Of(polarity is Polarity.Different),
        };
        evaluation.Truncate(start);
        return answer;
    }

    private bool IsSame(FhirPathValue value) =>
        value.IsElement && SystemValues.IsText(value.Element.Type.Primitive)
            ? value.Element.ValueEquals(utf8)
            : Equality.Equal(value, literal) is true;
}

internal sealed class EquivalentTo(Operation left, Operation right, Polarity polarity) : Condition
{
    public override Truth Test(Evaluation evaluation)
    {
        var start = evaluation.Count;
        left.Run(evaluation);
        var middle = evaluation.Count;
        right.Run(evaluation);
        var equivalent = Equality.Equivalent(evaluation.From(start)[..(middle - start)], evaluation.From(middle), evaluation);
        evaluation.Truncate(start);
        return Of(equivalent == (polarity is Polarity.Same));
    }
}

internal sealed class Ordered(Operation left, Operation right, FhirPathOperator comparison) : Condition
{
    public override Truth Test(Evaluation evaluation)
    {
        var (first, second) = (left.OneSystem(evaluation), right.OneSystem(evaluation));
        if (first.IsNone || second.IsNone || Ordering.Compare(first, second) is not { } order) return Truth.Empty;
        return Of(comparison switch
        {
            FhirPathOperator.Less => order < 0,
            FhirPathOperator.LessOrEqual => order <= 0,
            FhirPathOperator.Greater => order > 0,
            _ => order >= 0,
        });
    }
}

/// <summary>item in collection; contains is the same with the sides exchanged.</summary>
internal sealed class Membership(Operation item, Operation collection) : Condition
{
    public override Truth Test(Evaluation evaluation)
    {
        var value = item.One(evaluation);
        if (value.IsNone) return Truth.Empty;
        var start = evaluation.Count;
        collection.Run(evaluation);
        evaluation.Steps(evaluation.Count - start);
        var found = false;
        foreach (var candidate in evaluation.From(start))
        {
            found = Equality.Equal(value, candidate) is true;
            if (found) break;
        }
        evaluation.Truncate(start);
        return Of(found);
    }
}

internal sealed class Union(Operation left, Operation right) : Operation
{
    public override void Run(Evaluation evaluation)
    {
        var start = evaluation.Count;
        left.Run(evaluation);
        right.Run(evaluation);
        Sets.Distinct(evaluation, start);
    }

    public override bool Any(Evaluation evaluation) => left.Any(evaluation) || right.Any(evaluation);
}

/// <summary>Sets of items on the stack.</summary>
internal static class Sets
{
    private const int ScanMax = 8;

    /// <summary>Keeps the first of equal items above the height.</summary>
    public static void Distinct(Evaluation evaluation, int start)
    {
        var count = evaluation.Count - start;
        if (count < 2) return;
        var kept = start + 1;
        if (count <= ScanMax)
        {
            for (var at = start + 1; at < start + count; at++)
                if (!Holds(evaluation, start, kept, evaluation[at])) evaluation[kept++] = evaluation[at];
        }
        else
        {
            kept = start;
            var seen = new HashSet<FhirPathValue>(new ItemComparer(evaluation));
            for (var at = start; at < start + count; at++)
                if (seen.Add(evaluation[at])) evaluation[kept++] = evaluation[at];
        }
        evaluation.Truncate(kept);
    }

    /// <summary>The items above the height as a set for look-ups.</summary>
    public static HashSet<FhirPathValue> Of(Evaluation evaluation, int start)
    {
        var set = new HashSet<FhirPathValue>(new ItemComparer(evaluation));
        foreach (var value in evaluation.From(start)) set.Add(value);
        return set;
    }

    private static bool Holds(Evaluation evaluation, int start, int end, FhirPathValue value)
    {
        for (var at = start; at < end; at++)
            if (Equality.Equal(evaluation[at], value) is true) return true;
        return false;
    }
}
