using EventFhir.Model.Json;

namespace EventFhir.Model.Patching;

/// <summary>Whether two JSON values are equal (RFC 6902, 4.6): numbers by their value, strings by their characters, members in any order.</summary>
internal static class JsonEquality
{
    public static bool AreEqual(JsonPart left, JsonPart right)
    {
        switch (left, right)
        {
            case (JsonPart.Scalar one, JsonPart.Scalar other):
                if (one.Kind != other.Kind) return false;
                return one.Kind switch
                {
                    JsonKind.String => one.Text.Span.SequenceEqual(other.Text.Span),
                    JsonKind.Number => AreEqual(JsonDigits.Of(one.Raw.Span), JsonDigits.Of(other.Raw.Span)),
                    _ => true,
                };
            case (JsonPart.List one, JsonPart.List other):
                if (one.Items.Count != other.Items.Count) return false;
                for (var index = 0; index < one.Items.Count; index++)
                    if (!AreEqual(one.Items[index], other.Items[index])) return false;
                return true;
            case (JsonPart.Members one, JsonPart.Members other):
                if (one.Entries.Count != other.Entries.Count) return false;
                return AreEqual(Sorted(one), Sorted(other));
            default:
                return false;
        }
    }

    private static bool AreEqual(JsonPart.Member[] left, JsonPart.Member[] right)
    {
        for (var index = 0; index < left.Length; index++)
            if (!left[index].Name.Span.SequenceEqual(right[index].Name.Span) || !AreEqual(left[index].Value, right[index].Value)) return false;
        return true;
    }

    private static JsonPart.Member[] Sorted(JsonPart.Members members)
    {
        JsonPart.Member[] sorted = [.. members.Entries];
        Array.Sort(sorted, static (one, other) => one.Name.Span.SequenceCompareTo(other.Name.Span));
        return sorted;
    }

    private static bool AreEqual(JsonDigits left, JsonDigits right) =>
        left.IsNegative == right.IsNegative && left.Exponent == right.Exponent && left.Digits == right.Digits;

    /// <summary>A number as its significant digits times a power of ten; zero has no digits.</summary>
    private readonly record struct JsonDigits(bool IsNegative, string Digits, System.Numerics.BigInteger Exponent)
    {
        /// <param name="number">A correct JSON number.</param>
        public static JsonDigits Of(ReadOnlySpan<byte> number)
        {
            var text = System.Text.Encoding.ASCII.GetString(number);
            var isNegative = text[0] == '-';
            var mantissa = text.AsSpan(isNegative ? 1 : 0);
            var exponent = System.Numerics.BigInteger.Zero;
            if (mantissa.IndexOfAny('e', 'E') is >= 0 and var e)
            {
                exponent = System.Numerics.BigInteger.Parse(mantissa[(e + 1)..], System.Globalization.CultureInfo.InvariantCulture);
                mantissa = mantissa[..e];
            }
            var point = mantissa.IndexOf('.');
            var digits = point < 0 ? mantissa.ToString() : string.Concat(mantissa[..point], mantissa[(point + 1)..]);
            if (point >= 0) exponent -= mantissa.Length - point - 1;
            digits = digits.TrimStart('0');
            var significant = digits.TrimEnd('0');
            return significant.Length == 0 ? default(JsonDigits) with { Digits = "" }
                : new JsonDigits(isNegative, significant, exponent + digits.Length - significant.Length);
        }
    }
}
