using System.Globalization;

using EventFhir.Model.Elements;

namespace EventFhir.Core.Search.Indexing;

/// <summary>
/// A number or quantity as an interval: Low and High are equal but for ranges, comparators and sampled data.
/// Open ends are decimal.MinValue and decimal.MaxValue. The elements of the unit may be missing.
/// </summary>
internal readonly record struct QuantityValue(decimal Low, decimal High, Element System, Element Code, Element Unit)
{
    /// <summary>Money has a currency where quantities have a unit.</summary>
    public bool IsMoney { get; init; }

    public static bool TryRead(Element value, out QuantityValue quantity)
    {
        quantity = default;
        if (value.Type.IsPrimitive)
        {
            if (!value.TryNumber(out var number)) return false;
            quantity = new(number, number, default, default, default);
            return true;
        }
        return value.Type.Name switch
        {
            "Range" => TryRange(value, out quantity),
            "SampledData" => TrySamples(value, out quantity),
            _ => TryQuantity(value, out quantity),
        };
    }

    /// <summary>Adds system and code of the unit to a hash.</summary>
    public long SystemCode(long hash) => Hashing.With(Hashing.With(hash, IsMoney ? "urn:iso:std:iso:4217"u8 : System.Utf8OrEmpty()), Code.Utf8());

    private static bool TryQuantity(Element value, out QuantityValue quantity)
    {
        quantity = default;
        Element number = default, comparator = default, system = default, code = default, unit = default;
        var isMoney = false;
        foreach (var child in value.Children)
        {
            if (!child.HasValue) continue;
            switch (child.Name)
            {
                case "value": number = child; break;
                case "comparator": comparator = child; break;
                case "system": system = child; break;
                case "code": code = child; break;
                case "currency": (code, isMoney) = (child, true); break;
                case "unit": unit = child; break;
            }
        }
        if (!number.TryNumber(out var exact)) return false;
        var (low, high) = Ends(exact, comparator.Utf8OrEmpty());
        quantity = new(low, high, system, code, unit) { IsMoney = isMoney };
        return true;
    }

    private static (decimal Low, decimal High) Ends(decimal value, ReadOnlySpan<byte> comparator) => comparator switch
    {
        [(byte)'<', ..] => (decimal.MinValue, value),
        [(byte)'>', ..] => (value, decimal.MaxValue),
        _ => (value, value),
    };

    private static bool TryRange(Element range, out QuantityValue quantity)
    {
        quantity = default;
        var found = false;
        var (low, high) = (decimal.MinValue, decimal.MaxValue);
        foreach (var child in range.Children)
        {
            if (child.Name is not ("low" or "high") || !TryQuantity(child, out var end)) continue;
            if (child.Name == "low") low = end.Low;
            else high = end.High;
            if (!found || end.Code.Exists()) quantity = end;
            found = true;
        }
        quantity = quantity with { Low = Math.Min(low, high), High = Math.Max(low, high) };
        return found;
    }

    /// <summary>From the lowest sample to the highest: origin + factor × data (R4 datatypes.html#SampledData). Without numbers, the origin.</summary>
    private static bool TrySamples(Element samples, out QuantityValue quantity)
    {
        quantity = default;
        if (samples.FirstChild("origin") is not { } origin || !TryQuantity(origin, out quantity)) return false;
        if (!samples.ValueOf("factor").TryNumber(out var factor)) factor = 1;
        if (samples.ValueOf("data") is not { Resource: not null } data) return true;

        var text = data.Utf8();
        var (low, high) = (decimal.MaxValue, decimal.MinValue);
        foreach (var range in text.Split((byte)' '))
        {
            // E, L and U are samples that could not be measured.
            if (!decimal.TryParse(text[range], NumberStyles.Float, CultureInfo.InvariantCulture, out var sample)) continue;
            (low, high) = (Math.Min(low, sample), Math.Max(high, sample));
        }
        if (low > high || !TryScale(low, factor, quantity.Low, out var lowest) || !TryScale(high, factor, quantity.Low, out var highest)) return true;
        quantity = quantity with { Low = Math.Min(lowest, highest), High = Math.Max(lowest, highest) };
        return true;
    }

    private static bool TryScale(decimal sample, decimal factor, decimal origin, out decimal scaled)
    {
        scaled = 0;
        if (Math.Abs((double)sample * (double)factor) + Math.Abs((double)origin) > 1e27) return false;
        scaled = origin + (sample * factor);
        return true;
    }
}
