using System.Globalization;

using EventFhir.Model.Ucum;

using Xunit;

namespace EventFhir.UnitTests.Ucum;

public sealed class UnitsOfMeasure
{
    [Theory]
    [InlineData("5", "mg", "0.005", "g")]
    [InlineData("0.005", "g", "0.005", "g")]
    [InlineData("5.00", "mg", "0.005", "g")]
    [InlineData("1", "kg/m2", "1000", "g.m-2")]
    [InlineData("120", "mm[Hg]", "15998640", "g.m-1.s-2")]
    [InlineData("1", "mmol/L", "1", "m-3.mol")]
    [InlineData("7", "10*3/uL", "7000000000000", "m-3")]
    [InlineData("7", "10*9/L", "7000000000000", "m-3")]
    [InlineData("50", "%", "0.5", "1")]
    [InlineData("98.6", "[degF]", "310.15", "K")]
    [InlineData("37", "Cel", "310.15", "K")]
    [InlineData("72", "/min", "1.2", "s-1")]
    [InlineData("72", "{beats}/min", "1.2", "s-1")]
    [InlineData("3", "m[IU]/L", "3", "[iU].m-3")]
    [InlineData("7.4", "[pH]", "7.4", "[pH]")]
    [InlineData("30", "dB", "3", "B")]
    [InlineData("1", "[lb_av]", "453.59237", "g")]
    [InlineData("1", "m/s/s", "1", "m.s-2")]
    [InlineData("1", "(kg.m)/(s2.m)", "1000", "g.s-2")]
    [InlineData("4", "{score}", "4", "1")]
    public void Canonical_values_are_exact(string value, string unit, string canonicalValue, string canonicalUnit)
    {
        Assert.True(UcumUnit.TryCanonicalize(Number(value), unit, out var number, out var text));
        Assert.Equal((canonicalValue, canonicalUnit), (number.ToString(CultureInfo.InvariantCulture), text));
    }

    [Theory]
    [InlineData("1", "[in_i]", "cm", "2.54")]
    [InlineData("100", "Cel", "[degF]", "212")]
    [InlineData("1", "wk", "d", "7")]
    [InlineData("1", "mg/dL", "g/L", "0.01")]
    public void Conversions(string value, string from, string to, string converted)
    {
        Assert.True(UcumUnit.TryConvert(Number(value), from, to, out var number));
        Assert.Equal(Number(converted), number);
    }

    [Theory]
    [InlineData("")]
    [InlineData("mgs")]
    [InlineData("kkg")]
    [InlineData("k[in_i]")]
    [InlineData("m//s")]
    [InlineData("(m")]
    [InlineData("m)")]
    [InlineData("{open")]
    [InlineData("m{a b}")]
    [InlineData("10+3/ul")]
    [InlineData("lbs")]
    [InlineData("0")]
    [InlineData("m.")]
    [InlineData("m999")]
    [InlineData("[s]")]
    [InlineData("KG")]
    public void What_is_no_unit(string code) => Assert.False(UcumUnit.TryParse(code, out _));

    [Fact]
    public void Units_of_different_dimension_do_not_convert() => Assert.False(UcumUnit.TryConvert(1, "kg", "m", out _));

    [Fact]
    public void Out_of_range_is_refused() => Assert.False(UcumUnit.TryCanonicalize(decimal.MaxValue, "Ym3", out _, out _));

    [Fact]
    public void Deep_and_long_codes_are_refused()
    {
        Assert.False(UcumUnit.TryParse(new string('(', 100) + "m" + new string(')', 100), out _));
        Assert.False(UcumUnit.TryParse(string.Join('.', Enumerable.Repeat("Ym40", 40)), out _));
    }

    private static decimal Number(string text) => decimal.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
}
