using System.Globalization;

namespace EventFhir.Core.Search;

/// <summary>
/// Numbers of a query and the precision that their digits imply (R4 search.html#number): 100 stands for [99.5, 100.5), 100.00 for
/// [99.995, 100.005). With an exponent, the mantissa counts as having at least one decimal, because the specification gives 1e2 as [95, 105).
/// </summary>
internal static class NumberText
{
    private const int ExponentMax = 20;

    /// <param name="margin">Half of the last place: the value stands for [value - margin, value + margin).</param>
    public static bool TryParse(string text, out decimal value, out decimal margin)
    {
        (value, margin) = (0, 0);
        var mantissa = text.AsSpan();
        var exponent = 0;
        var mark = mantissa.IndexOfAny('e', 'E');
        if (mark >= 0)
        {
            if (!int.TryParse(mantissa[(mark + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)) return false;
            if (Math.Abs(exponent) > ExponentMax) return false;
            mantissa = mantissa[..mark];
        }

        var point = mantissa.IndexOf('.');
        var decimals = point < 0 ? 0 : mantissa.Length - point - 1;
        if (mantissa.IsEmpty || point == 0 || point == mantissa.Length - 1 || decimals > ExponentMax) return false;
        if (!decimal.TryParse(mantissa, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value))
            return false;
        if (mark >= 0) decimals = Math.Max(decimals, 1);

        var scale = PowerOfTen(exponent);
        if (scale > 1 && Math.Abs(value) > decimal.MaxValue / 10 / scale) return false;
        value *= scale;
        margin = 0.5m * PowerOfTen(exponent - decimals);
        return true;
    }

    private static decimal PowerOfTen(int exponent)
    {
        var power = 1m;
        for (var step = 0; step < Math.Abs(exponent); step++) power = exponent > 0 ? power * 10 : power / 10;
        return power;
    }
}
