using System.Collections.Immutable;
using System.Globalization;

namespace EventFhir.Model.Ucum;

/// <summary>
/// Reads a unit expression (UCUM, section 2.1): terms joined by "." and "/", from left to right, with exponents, parentheses and annotations.
/// </summary>
internal sealed class UnitParser
{
    private const int CodeCharactersMax = 200;
    private const int DepthMax = 16;
    private const int ExponentMax = 40;
    private static readonly ImmutableSortedDictionary<string, int> NoDimension =
        ImmutableSortedDictionary.Create<string, int>(StringComparer.Ordinal);
    private static readonly UcumUnit Unity = new(Rational.One, NoDimension);
    private readonly string code;
    private int at;
    private int depth;

    private UnitParser(string code) => this.code = code;

    /// <summary>Null if the code is no unit.</summary>
    public static UcumUnit? Parse(string code)
    {
        if (code.Length is 0 or > CodeCharactersMax) return null;
        var parser = new UnitParser(code);
        var unit = parser.Term();
        return parser.at == code.Length ? unit : null;
    }

    private char Current => at < code.Length ? code[at] : '\0';

    private UcumUnit? Term()
    {
        if (++depth > DepthMax) return null;
        var unit = Unity;
        var isFirst = true;
        var sign = 1;
        if (Current == '/') (sign, isFirst, at) = (-1, false, at + 1);
        while (Component() is { } component)
        {
            unit = isFirst ? component : Multiply(unit, component, sign);
            if (unit is null || Current is not ('.' or '/'))
            {
                depth--;
                return unit;
            }
            (sign, isFirst) = (Current == '/' ? -1 : 1, false);
            at++;
        }
        return null;
    }

    private UcumUnit? Component()
    {
        UcumUnit? unit;
        if (Current == '(')
        {
            at++;
            unit = Term();
            if (unit is null || Current != ')') return null;
            at++;
        }
        else if (Current == '{') unit = Unity;
        else unit = Simple();
        return unit is not null && SkipAnnotation() ? unit : null;
    }

    private bool SkipAnnotation()
    {
        if (Current != '{') return true;
        var end = code.IndexOf('}', at);
        if (end < 0) return false;
        foreach (var letter in code.AsSpan(at + 1, end - at - 1))
            if (letter is < '!' or > '~' or '{') return false;
        at = end + 1;
        return true;
    }

    private UcumUnit? Simple()
    {
        var start = at;
        while (at < code.Length && code[at] is not ('.' or '/' or '(' or ')' or '{'))
        {
            if (code[at] != '[') at++;
            else if (code.IndexOf(']', at) is var close and >= 0) at = close + 1;
            else return null;
        }
        var text = code[start..at];
        if (text.Length == 0) return null;
        if (text.All(char.IsAsciiDigit)) return text.Length > 18 ? null : Number(long.Parse(text, CultureInfo.InvariantCulture));
        var digits = text.Length;
        while (digits > 0 && char.IsAsciiDigit(text[digits - 1])) digits--;
        var symbolLength = digits < text.Length && digits > 0 && text[digits - 1] is '-' or '+' && digits < text.Length ? digits - 1 : digits;
        if (symbolLength == 0 || text.Length - digits > 3) return null;
        var exponent = digits == text.Length ? 1 : int.Parse(text.AsSpan(symbolLength), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return Math.Abs(exponent) > ExponentMax ? null : Raised(text[..symbolLength], exponent);
    }

    private static UcumUnit? Number(long number) => number == 0 ? null : new UcumUnit(new Rational(number, 1), NoDimension);

    private static UcumUnit? Raised(string symbol, int exponent)
    {
        if (UcumTable.Instance.Find(symbol) is not var (atom, prefix)) return null;
        if (Resolve(atom) is not { } unit) return null;
        var scaled = new UcumUnit(unit.Factor * prefix, unit.Dimension) { Offset = unit.Offset / prefix };
        if (exponent == 1) return scaled;
        var power = new UcumUnit(scaled.Factor, scaled.Dimension);
        return Multiply(Unity, power, exponent);
    }

    private static UcumUnit? Resolve(Atom atom)
    {
        if (TemperatureScale(atom.Code) is { } scale) return scale;
        if (atom.Kind is not AtomKind.Derived) return new UcumUnit(Rational.One, NoDimension.Add(atom.Code, 1));
        return UcumUnit.TryParse(atom.Definition, out var definition)
            ? new UcumUnit(definition.Factor * atom.Value, definition.Dimension)
            : null;
    }

    /// <summary>The scales that start elsewhere than at zero kelvin (UCUM, table 10 and the function names Cel, degF and degRe).</summary>
    private static UcumUnit? TemperatureScale(string code)
    {
        var kelvin = NoDimension.Add("K", 1);
        return code switch
        {
            "Cel" => new UcumUnit(Rational.One, kelvin) { Offset = Rational.Of(273.15m) },
            "[degF]" => new UcumUnit(new Rational(5, 9), kelvin) { Offset = Rational.Of(459.67m) },
            "[degRe]" => new UcumUnit(new Rational(5, 4), kelvin) { Offset = Rational.Of(218.52m) },
            _ => null,
        };
    }

    /// <summary>In a product a temperature is a difference, so its offset falls away.</summary>
    private static UcumUnit? Multiply(UcumUnit left, UcumUnit right, int exponent)
    {
        var dimension = left.Dimension;
        foreach (var (symbol, power) in right.Dimension)
        {
            var sum = dimension.GetValueOrDefault(symbol) + power * exponent;
            if (Math.Abs(sum) > ExponentMax) return null;
            dimension = sum == 0 ? dimension.Remove(symbol) : dimension.SetItem(symbol, sum);
        }
        var factor = left.Factor * right.Factor.ToPower(exponent);
        return factor.Numerator.GetBitLength() + factor.Denominator.GetBitLength() > 4096 ? null : new UcumUnit(factor, dimension);
    }
}
