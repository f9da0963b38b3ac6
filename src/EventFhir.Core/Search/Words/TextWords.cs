using System.Text;

using EventFhir.Core.Search.Indexing;

namespace EventFhir.Core.Search.Words;

/// <summary>
/// The words of a text and where they stand, for _text and _content. A word is a run of letters, digits and their marks in folded text
/// (<see cref="StringFolding"/>); everything else separates words. The places count from 1.
/// </summary>
/// <remarks>The bounds are those of PostgreSQL's text search, so that memory and database hold the same.</remarks>
public sealed class TextWords
{
    /// <summary>Words beyond this place are not found.</summary>
    public const int PlacesMax = 16_000;

    /// <summary>Of a word that occurs more often, later places are not found; the word itself is.</summary>
    public const int PlacesOfWordMax = 255;

    /// <summary>Characters of a word that count.</summary>
    public const int WordLengthMax = 64;

    /// <summary>All different words together; the text ends for search where a word would exceed it.</summary>
    public const int CharactersMax = 200_000;

    private readonly Dictionary<string, List<int>> places = new(StringComparer.Ordinal);
    private int last;
    private int characters;

    public bool IsEmpty => places.Count == 0;

    /// <summary>Each word once, with its places in ascending order.</summary>
    public IReadOnlyDictionary<string, List<int>> Places => places;

    public static TextWords Of(string text)
    {
        var words = new TextWords();
        words.Add(text);
        return words;
    }

    /// <summary>The words of a text in order.</summary>
    public static IEnumerable<string> Split(string text)
    {
        var folded = StringFolding.Fold(text);
        var start = -1;
        for (var at = 0; at < folded.Length;)
        {
            Rune.DecodeFromUtf16(folded.AsSpan(at), out var rune, out var length);
            if (IsOfWord(rune, start >= 0))
            {
                if (start < 0) start = at;
            }
            else if (start >= 0)
            {
                yield return Cut(folded[start..at]);
                start = -1;
            }
            at += length;
        }
        if (start >= 0) yield return Cut(folded[start..]);
    }

    /// <summary>Adds a text; no phrase reaches from one text into the next.</summary>
    public void Add(string text)
    {
        if (last > 0) last++;
        foreach (var word in Split(text))
        {
            if (last >= PlacesMax) return;
            last++;
            if (!places.TryGetValue(word, out var list))
            {
                characters += word.Length;
                if (characters > CharactersMax)
                {
                    (characters, last) = (characters - word.Length, PlacesMax);
                    return;
                }
                places.Add(word, list = []);
            }
            if (list.Count < PlacesOfWordMax) list.Add(last);
        }
    }

    public bool Contains(string word) => places.ContainsKey(word);

    /// <summary>True if the words stand one after the other.</summary>
    public bool ContainsPhrase(IReadOnlyList<string> phrase) =>
        places.TryGetValue(phrase[0], out var starts) && starts.Exists(start => StandsAt(phrase, start));

    private bool StandsAt(IReadOnlyList<string> phrase, int start)
    {
        for (var place = 1; place < phrase.Count; place++)
            if (!places.TryGetValue(phrase[place], out var list) || list.BinarySearch(start + place) < 0) return false;
        return true;
    }

    private static bool IsOfWord(Rune rune, bool isInside) => Rune.IsLetterOrDigit(rune) || (isInside && IsMark(rune));

    private static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.NonSpacingMark
        or System.Globalization.UnicodeCategory.SpacingCombiningMark;

    private static string Cut(string word) =>
        word.Length <= WordLengthMax ? word : word[..(char.IsHighSurrogate(word[WordLengthMax - 1]) ? WordLengthMax - 1 : WordLengthMax)];
}
