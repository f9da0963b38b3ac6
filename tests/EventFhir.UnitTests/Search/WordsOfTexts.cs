using EventFhir.Core.Search.Words;

using Xunit;

namespace EventFhir.UnitTests.Search;

public sealed class WordsOfTexts
{
    [Theory]
    [InlineData("Born in 1974, male.", "born in 1974 male")]
    [InlineData("Müller's follow-up: COVID-19/flu", "muller s follow up covid 19 flu")]
    [InlineData("  <>&;  ", "")]
    [InlineData("α-Blocker ＡＢＣ", "α blocker abc")]
    [InlineData("क्षि x", "क्षि x")]
    public void Words_are_runs_of_letters_and_digits(string text, string words) => Assert.Equal(words, string.Join(' ', TextWords.Split(text)));

    [Fact]
    public void Places_count_over_the_whole_text_and_leave_a_gap_between_texts()
    {
        var words = TextWords.Of("a b a");
        words.Add("b");
        Assert.Equal([1, 3], words.Places["a"]);
        Assert.Equal([2, 5], words.Places["b"]);
        Assert.True(words.ContainsPhrase(["b", "a"]));
        Assert.True(words.ContainsPhrase(["a", "b", "a"]));
        Assert.False(words.ContainsPhrase(["a", "b", "b"]));
        Assert.False(words.ContainsPhrase(["b", "b"]));
    }

    [Fact]
    public void Long_texts_end_for_search_where_the_database_would_not_take_more()
    {
        var many = TextWords.Of(string.Join(' ', Enumerable.Range(0, 20_000).Select(number => $"w{number}")));
        Assert.True(many.Contains("w15999"));
        Assert.False(many.Contains("w16000"));
        var long1 = TextWords.Of(string.Join(' ', Enumerable.Range(0, 10_000).Select(number => new string('x', 100) + number)));
        Assert.Single(long1.Places);
        var wide = TextWords.Of(string.Join(' ', Enumerable.Range(0, 10_000).Select(number => $"{number}{new string('x', 40)}")));
        Assert.InRange(wide.Places.Keys.Sum(word => word.Length), TextWords.CharactersMax - 64, TextWords.CharactersMax);
        Assert.Equal(TextWords.PlacesOfWordMax, TextWords.Of(string.Join(' ', Enumerable.Repeat("x", 300))).Places["x"].Count);
    }
}
