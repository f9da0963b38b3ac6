using EventFhir.Core.Search.Indexing;

using Xunit;

namespace EventFhir.UnitTests.Search;

public sealed class FoldingStrings
{
    [Theory]
    [InlineData("O'Brien-Müller", "obrienmuller")]
    [InlineData(" a - b,c. ", "a bc")]
    [InlineData("«…»", "")]
    [InlineData("+49 (30) 12-34", "+49 30 1234")]
    [InlineData("plain words", "plain words")]
    public void Punctuation_does_not_count(string text, string normalized) => Assert.Equal(normalized, StringFolding.Normalize(text));

    [Theory]
    [InlineData("Müller", "muller")]
    [InlineData("Mu\u0308ller", "muller")]
    [InlineData("Straße", "strasse")]
    [InlineData("STRAẞE", "strasse")]
    [InlineData("İstanbul", "istanbul")]
    [InlineData("ılık", "ılık")]
    [InlineData("ΟΔΥΣΣΕΎΣ", "οδυσσευσ")]
    [InlineData("Οδυσσεύς", "οδυσσευσ")]
    [InlineData("Łódź", "łodz")]
    [InlineData("ﬁn", "fin")]
    [InlineData("Ｐｅｔｅｒ", "peter")]
    [InlineData("½", "1\u20442")]
    [InlineData("한", "\u1112\u1161\u11ab")]
    [InlineData("ガ", "\u30ab\u3099")]
    [InlineData("की", "की")]
    [InlineData("שָׁלוֹם", "שלום")]
    [InlineData("𐐀", "𐐨")]
    [InlineData("  van\t der \n Berg ", "van der berg")]
    [InlineData("¨", "")]
    [InlineData("", "")]
    public void Strings_are_folded(string text, string folded) => Assert.Equal(folded, StringFolding.Fold(text));

    [Theory]
    [InlineData("Peter", "")]
    [InlineData("peter james", "james")]
    [InlineData("garcia-lopez md", "lopez md")]
    [InlineData("x garcia-lopez", "garcia-lopez lopez")]
    [InlineData("o'brien", "")]
    [InlineData("(old) name", "old) name")]
    [InlineData("534 erewhon st", "erewhon st")]
    [InlineData("", "")]
    public void Words_that_follow_the_first(string folded, string words)
    {
        var found = new List<string>();
        foreach (var word in StringWords.Following(folded)) found.Add(word.ToString());
        Assert.Equal(words, string.Join(' ', found));
    }
}
