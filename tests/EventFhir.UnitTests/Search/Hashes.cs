using System.Text;

using EventFhir.Core.Search.Indexing;

using Xunit;

namespace EventFhir.UnitTests.Search;

/// <summary>Hashes are stored: a change of any of these values means that every index must be rebuilt.</summary>
public sealed class Hashes
{
    [Theory]
    [InlineData("", 0, 0xEF46DB3751D8E999)]
    [InlineData("a", 0, 0xD24EC4F1A98C6E5B)]
    [InlineData("abc", 0, 0x44BC2CF5AD770999)]
    [InlineData("Nobody inspects the spammish repetition", 0, 0xFBCEA83C8A378BF1)]
    public void The_published_values_of_XXH64(string text, ulong seed, ulong hash) =>
        Assert.Equal(hash, XxHash64.Of(Encoding.ASCII.GetBytes(text), seed));

    [Fact]
    public void Golden_values()
    {
        long[] golden =
        [
            Hashing.Term("status", TermForm.Present),
            Hashing.Term("status", TermForm.Code, "final"),
            Hashing.Term("code", TermForm.SystemCode, "http://loinc.org", "8480-6"),
            Hashing.With(
                Hashing.Term("component-code-value-quantity", TermForm.Composite), Hashing.With(Hashing.Component(TermForm.Code), "8480-6"u8)),
        ];
        Assert.Equal(
            "b76e70dfe9191312 0229e7ee9edba74e 9171f6dfc0255e11 9794eb45301da72c", string.Join(' ', golden.Select(hash => hash.ToString("x16"))));
        Assert.Equal("2aef1691", Hashing.Parameter("subject").ToString("x8"));
    }

    [Fact]
    public void Parts_cannot_be_moved_from_one_to_the_next() =>
        Assert.NotEqual(Hashing.Term("code", TermForm.SystemCode, "a", "bc"), Hashing.Term("code", TermForm.SystemCode, "ab", "c"));

    [Fact]
    public void Forms_are_told_apart() =>
        Assert.Equal(
            Enum.GetValues<TermForm>().Length,
            Enum.GetValues<TermForm>().Select(form => Hashing.Term("code", form, "8480-6")).Distinct().Count());
}
