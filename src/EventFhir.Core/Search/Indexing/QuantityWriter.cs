using EventFhir.Model.Elements;
using EventFhir.Model.Ucum;

namespace EventFhir.Core.Search.Indexing;

/// <summary>Numbers without units.</summary>
internal sealed class NumberWriter : ValueWriter
{
    private readonly long hash;
    private readonly (int Low, int High)? columns;

    public NumberWriter(string parameter) => hash = Hashing.Start(parameter, TermForm.Any);
    public NumberWriter(int low, int high) => columns = (low, high);

    public override bool Write(Element value, EntryBuilder into)
    {
        if (!QuantityValue.TryRead(Unwrap(value), out var number)) return false;
        if (columns is var (low, high)) WriteColumns(low, high, number.Low, number.High, into);
        else into.Number(hash, number.Low, number.High);
        return true;
    }

    /// <summary>The column of the upper end is for true intervals only.</summary>
    public static void WriteColumns(int lowColumn, int highColumn, decimal low, decimal high, EntryBuilder into)
    {
        if (into.Column(lowColumn, ColumnValue.Of(low)) && high != low) into.Column(highColumn, ColumnValue.Of(high));
    }
}

/// <summary>Quantities: as given, and in canonical UCUM units (R4 search.html#quantity).</summary>
internal sealed class QuantityWriter(string parameter, ParameterPlacement.QuantityColumns? columns) : ValueWriter
{
    private readonly long any = Hashing.Start(parameter, TermForm.Any);
    private readonly long canonicalUnit = Hashing.Start(parameter, TermForm.CanonicalUnit);
    private readonly long systemCode = Hashing.Start(parameter, TermForm.SystemCode);
    private readonly long code = Hashing.Start(parameter, TermForm.Code);

    public override bool Write(Element value, EntryBuilder into)
    {
        if (!QuantityValue.TryRead(Unwrap(value), out var quantity)) return false;
        var unit = into.UnitOf(quantity);
        if (columns is not null) WriteColumns(columns, quantity, unit, into);
        else WriteRows(quantity, unit, into);
        return true;
    }

    private void WriteColumns(ParameterPlacement.QuantityColumns to, QuantityValue quantity, QuantityUnit unit, EntryBuilder into)
    {
        NumberWriter.WriteColumns(to.Low, to.High, quantity.Low, quantity.High, into);
        if (unit.Canonical is { } canonical)
        {
            NumberWriter.WriteColumns(to.CanonicalLow, to.CanonicalHigh, unit.Low, unit.High, into);
            into.Column(to.Unit, ColumnValue.Of(Hashing.With(canonicalUnit, canonical)));
        }
        else if (unit.HasSystem)
        {
            into.Term(quantity.SystemCode(systemCode));
        }
        if (quantity.Code.Exists()) into.Term(Hashing.With(code, quantity.Code.Utf8()));
        if (quantity.Unit.Exists()) into.Term(Hashing.With(code, quantity.Unit.Utf8()));
    }

    private void WriteRows(QuantityValue quantity, QuantityUnit unit, EntryBuilder into)
    {
        into.Number(any, quantity.Low, quantity.High);
        if (unit.Canonical is { } canonical) into.Number(Hashing.With(canonicalUnit, canonical), unit.Low, unit.High);
        else if (unit.HasSystem) into.Number(quantity.SystemCode(systemCode), quantity.Low, quantity.High);
        if (quantity.Code.Exists()) into.Number(Hashing.With(code, quantity.Code.Utf8()), quantity.Low, quantity.High);
        if (quantity.Unit.Exists()) into.Number(Hashing.With(code, quantity.Unit.Utf8()), quantity.Low, quantity.High);
    }
}

/// <summary>The unit of a quantity, and its value in canonical units where it is UCUM. Canonical is null where it is not.</summary>
internal readonly record struct QuantityUnit(string? Canonical, decimal Low, decimal High, bool HasSystem)
{
    /// <summary>Of a quantity that has a code; ask <see cref="EntryBuilder.UnitOf"/>.</summary>
    public static QuantityUnit Of(QuantityValue quantity)
    {
        var isUcum = quantity.System.Exists() && quantity.System.ValueEquals("http://unitsofmeasure.org"u8);
        return isUcum && TryCanonicalize(quantity, out var canonical) ? canonical : new(null, 0, 0, quantity.System.Exists() || quantity.IsMoney);
    }

    private static bool TryCanonicalize(QuantityValue quantity, out QuantityUnit canonical)
    {
        canonical = default;
        var code = quantity.Code.Text;
        if (!TryEnd(quantity.Low, code, out var low, out var unit)) return false;
        var high = low;
        if (quantity.High != quantity.Low && !TryEnd(quantity.High, code, out high, out unit)) return false;
        canonical = new(unit, Math.Min(low, high), Math.Max(low, high), true);
        return true;
    }

    /// <summary>An open end stays open in every unit.</summary>
    private static bool TryEnd(decimal end, string code, out decimal canonicalEnd, out string? unit)
    {
        var isOpen = end is decimal.MinValue or decimal.MaxValue;
        if (!UcumUnit.TryCanonicalize(isOpen ? 0 : end, code, out canonicalEnd, out unit)) return false;
        if (isOpen) canonicalEnd = end;
        return true;
    }
}
