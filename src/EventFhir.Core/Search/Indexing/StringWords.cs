using System.Text;

namespace EventFhir.Core.Search.Indexing;

/// <summary>
/// Where the words of a folded text begin: at a letter or digit that does not follow another one (or an apostrophe). A word reaches to the next
/// space, so that "garcia-lopez md" has the words "garcia-lopez", "lopez" and "md".
/// </summary>
public static class StringWords
{
    /// <summary>The words after the first; the whole text begins with that one.</summary>
    public static Enumerator Following(ReadOnlySpan<char> folded) => new(folded);

    public ref struct Enumerator
    {
        private readonly ReadOnlySpan<char> text;
        private int next;
        private bool inWord;

        internal Enumerator(ReadOnlySpan<char> text)
        {
            this.text = text;
            // What begins with the text itself is no word of its own; a bracket or quote before the first word does make it one.
            if (text.Length > 0) Step();
        }

        public ReadOnlySpan<char> Current { get; private set; }

        public readonly Enumerator GetEnumerator() => this;

        public bool MoveNext()
        {
            while (next < text.Length)
            {
                var start = next;
                if (!Step()) continue;
                var length = text[start..].IndexOf(' ');
                Current = length < 0 ? text[start..] : text.Slice(start, length);
                return true;
            }
            return false;
        }

        /// <summary>Moves over one character; true if a word begins with it.</summary>
        private bool Step()
        {
            Rune.DecodeFromUtf16(text[next..], out var rune, out var length);
            var before = inWord;
            inWord = Rune.IsLetterOrDigit(rune) || (inWord && (rune.Value is '\'' or 0x2019 || IsMark(rune)));
            next += length;
            return inWord && !before;
        }

        private static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.NonSpacingMark
            or System.Globalization.UnicodeCategory.SpacingCombiningMark;
    }
}
