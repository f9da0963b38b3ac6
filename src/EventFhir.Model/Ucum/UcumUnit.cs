using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace EventFhir.Model.Ucum;

/// <summary>
/// A unit of the Unified Code for Units of Measure (ucum.org, case sensitive codes) as a multiple of base units. The bases are those of UCUM and
/// three kinds more, which by their nature convert to nothing else: the mole (UCUM makes it a bare number), arbitrary units such as [iU], and
/// logarithmic units such as [pH].
/// </summary>
public sealed class UcumUnit
{
    private const int CacheEntriesMax = 10_000;
    private static readonly ConcurrentDictionary<string, UcumUnit?> Known = new(StringComparer.Ordinal);

    internal UcumUnit(Rational factor, ImmutableSortedDictionary<string, int> dimension)
    {
        (Factor, Dimension) = (factor, dimension);
        Canonical = dimension.IsEmpty
            ? "1"
            : string.Join('.', dimension.Select(part => part.Value == 1 ? part.Key : part.Key + part.Value.ToString(CultureInfo.InvariantCulture)));
    }

    internal Rational Factor { get; }

    /// <summary>Added to a value before it is multiplied; only temperature scales have one.</summary>
    internal Rational Offset { get; init; } = new(0, 1);

    internal ImmutableSortedDictionary<string, int> Dimension { get; }

    /// <summary>The product of base units: "g.m-3"; "1" for bare numbers. Units with the same text convert into each other.</summary>
    public string Canonical { get; }

    public bool IsComparableTo(UcumUnit other) => Canonical == other.Canonical;

    public static bool TryParse(string code, [NotNullWhen(true)] out UcumUnit? unit)
    {
        if (!Known.TryGetValue(code, out unit))
        {
            unit = UnitParser.Parse(code);
            // Codes come from clients, so the memory they can fill is bounded.
            if (Known.Count < CacheEntriesMax) Known.TryAdd(code, unit);
        }
        return unit is not null;
    }

    /// <summary>The value in base units: 5 mg gives 0.005 and "g". False for what is no UCUM unit or out of the range of decimals.</summary>
    public static bool TryCanonicalize(decimal value, string unit, out decimal canonicalValue, [NotNullWhen(true)] out string? canonicalUnit)
    {
        (canonicalValue, canonicalUnit) = (0, null);
        if (!TryParse(unit, out var parsed) || !parsed.ToBase(value).TryToDecimal(out canonicalValue)) return false;
        canonicalUnit = parsed.Canonical;
        return true;
    }

    /// <summary>The value in another unit of the same dimension.</summary>
    public static bool TryConvert(decimal value, string from, string to, out decimal converted)
    {
        converted = 0;
        return TryParse(from, out var source) && TryParse(to, out var target) && source.IsComparableTo(target)
            && (source.ToBase(value) / target.Factor - target.Offset).TryToDecimal(out converted);
    }

    internal Rational ToBase(decimal value) => (Rational.Of(value) + Offset) * Factor;
}
