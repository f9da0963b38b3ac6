using System.Globalization;
using System.Numerics;

namespace EventFhir.Model.Ucum;

/// <summary>An exact fraction, in lowest terms. Conversions between units must not round: 5 mg and 0.005 g are one quantity.</summary>
internal readonly record struct Rational
{
    private readonly BigInteger denominatorLessOne;

    public Rational(BigInteger numerator, BigInteger denominator)
    {
        var divisor = BigInteger.GreatestCommonDivisor(numerator, denominator);
        if (denominator.Sign < 0) divisor = -divisor;
        (Numerator, denominatorLessOne) = (numerator / divisor, denominator / divisor - 1);
    }

    public BigInteger Numerator { get; }
    public BigInteger Denominator => denominatorLessOne + 1;

    public static Rational One { get; } = new(1, 1);

    public static Rational Of(decimal value)
    {
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value, parts);
        var magnitude = ((BigInteger)(uint)parts[2] << 64) | ((BigInteger)(uint)parts[1] << 32) | (uint)parts[0];
        return new Rational(value < 0 ? -magnitude : magnitude, BigInteger.Pow(10, value.Scale));
    }

    /// <summary>"6.0221367", "254e-2": the numbers of the unit table.</summary>
    public static Rational Parse(string text)
    {
        var parts = text.Split('e', 'E');
        var point = parts[0].IndexOf('.', StringComparison.Ordinal);
        var decimals = point < 0 ? 0 : parts[0].Length - point - 1;
        var digits = BigInteger.Parse(parts[0].Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        var exponent = (parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0) - decimals;
        return new Rational(digits, 1) * TenTo(exponent);
    }

    public static Rational TenTo(int exponent) =>
        exponent < 0 ? new Rational(1, BigInteger.Pow(10, -exponent)) : new Rational(BigInteger.Pow(10, exponent), 1);

    public static Rational operator *(Rational left, Rational right) => new(left.Numerator * right.Numerator, left.Denominator * right.Denominator);
    public static Rational operator /(Rational left, Rational right) => new(left.Numerator * right.Denominator, left.Denominator * right.Numerator);

    public static Rational operator +(Rational left, Rational right) =>
        new(left.Numerator * right.Denominator + right.Numerator * left.Denominator, left.Denominator * right.Denominator);

    public static Rational operator -(Rational left, Rational right) => left + new Rational(-right.Numerator, right.Denominator);

    public Rational ToPower(int exponent) => exponent < 0
        ? new Rational(BigInteger.Pow(Denominator, -exponent), BigInteger.Pow(Numerator, -exponent))
        : new Rational(BigInteger.Pow(Numerator, exponent), BigInteger.Pow(Denominator, exponent));

    public int CompareTo(Rational other) => (Numerator * other.Denominator).CompareTo(other.Numerator * Denominator);

    /// <summary>The nearest decimal, with up to 28 digits and no trailing zeros; false if it is out of range.</summary>
    public bool TryToDecimal(out decimal value)
    {
        value = 0;
        var magnitude = BigInteger.Abs(Numerator);
        var whole = magnitude / Denominator;
        if (whole > (BigInteger)decimal.MaxValue) return false;
        var scale = Math.Clamp(28 - (whole.IsZero ? 0 : (int)BigInteger.Log10(whole) + 1), 0, 28);
        var (scaled, rest) = BigInteger.DivRem(magnitude * BigInteger.Pow(10, scale), Denominator);
        if (rest * 2 >= Denominator) scaled++;
        while (scale > 0 && (scaled % 10).IsZero) (scaled, scale) = (scaled / 10, scale - 1);
        if (scaled > (BigInteger)decimal.MaxValue) return false;
        if (scaled.IsZero && !magnitude.IsZero) return false;
        value = new decimal(
            (int)(uint)(scaled & uint.MaxValue), (int)(uint)((scaled >> 32) & uint.MaxValue), (int)(uint)(scaled >> 64), Numerator.Sign < 0,
            (byte)scale);
        return true;
    }
}
