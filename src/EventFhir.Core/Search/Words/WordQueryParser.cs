using System.Collections.Immutable;

using EventFhir.Model;

namespace EventFhir.Core.Search.Words;

/// <summary>
/// Reads a value of _text or _content: words, "phrases", AND, OR, NOT in any case and parentheses; words side by side must all occur.
/// NOT binds before AND, AND before OR.
/// </summary>
internal ref struct WordQueryParser
{
    private readonly ReadOnlySpan<char> text;
    private int next;
    private int words;
    private int depth;
    private string? fault;

    private WordQueryParser(ReadOnlySpan<char> text) => this.text = text;

    /// <returns>The query, or what is wrong with the text.</returns>
    public static (WordQuery? Query, string? Fault) Parse(ReadOnlySpan<char> text)
    {
        var parser = new WordQueryParser(text);
        var query = parser.ReadAny();
        if (query is not null && parser.Peek() is not Token.End) parser.fault ??= "a parenthesis is closed that was not opened";
        return parser.fault is null ? (query, null) : (null, parser.fault);
    }

    private enum Token { End, Open, Close, Quote, And, Or, Not, Word }

    private WordQuery? ReadAny()
    {
        if (++depth > Limits.TextQueryDepthMax) return Fail($"its parts nest deeper than {Limits.TextQueryDepthMax} levels");
        var parts = ImmutableArray.CreateBuilder<WordQuery>();
        do
        {
            if (ReadAll() is not { } part) return null;
            parts.Add(part);
        }
        while (Take(Token.Or));
        depth--;
        return parts.Count == 1 ? parts[0] : new WordQuery.Any(parts.ToImmutable());
    }

    private WordQuery? ReadAll()
    {
        var parts = ImmutableArray.CreateBuilder<WordQuery>();
        do
        {
            if (ReadOne() is not { } part) return null;
            parts.Add(part);
        }
        while (Take(Token.And) || Peek() is Token.Word or Token.Quote or Token.Open or Token.Not);
        return parts.Count == 1 ? parts[0] : new WordQuery.All(parts.ToImmutable());
    }

    private WordQuery? ReadOne()
    {
        var isNot = false;
        while (Take(Token.Not)) isNot = !isNot;
        var query = Peek() switch
        {
            Token.Open => ReadParentheses(),
            Token.Quote => ReadQuoted(),
            Token.Word => Phrase(ReadPlain()),
            Token.Close => Fail("there is nothing between two parentheses, or between an operator and a parenthesis"),
            _ => Fail("a word or phrase is missing at an operator or at the end; operators that are meant as words go between quotes"),
        };
        return isNot && query is not null ? new WordQuery.Not(query) : query;
    }

    private WordQuery? ReadParentheses()
    {
        Take(Token.Open);
        var query = ReadAny();
        if (query is null || Take(Token.Close)) return query;
        return Fail("a parenthesis is not closed");
    }

    private WordQuery? ReadQuoted()
    {
        SkipSpace();
        var start = next + 1;
        var length = text[start..].IndexOf('"');
        if (length < 0) return Fail("a quote is not closed");
        next = start + length + 1;
        return Phrase(text.Slice(start, length));
    }

    /// <summary>What stands between spaces; if it has several words, as "follow-up" has, they are a phrase.</summary>
    private WordQuery? Phrase(ReadOnlySpan<char> given)
    {
        var phrase = TextWords.Split(given.ToString()).ToImmutableArray();
        if (phrase.IsEmpty) return Fail("a part of it holds no letter or digit");
        words += phrase.Length;
        return words > Limits.TextQueryWordsMax ? Fail($"it has more than {Limits.TextQueryWordsMax} words") : new WordQuery.Phrase(phrase);
    }

    private ReadOnlySpan<char> ReadPlain()
    {
        SkipSpace();
        var start = next;
        next += PlainLength();
        return text[start..next];
    }

    private readonly int PlainLength()
    {
        var length = 0;
        while (next + length < text.Length && !char.IsWhiteSpace(text[next + length]) && text[next + length] is not ('(' or ')' or '"')) length++;
        return length;
    }

    private Token Peek()
    {
        SkipSpace();
        if (next == text.Length) return Token.End;
        switch (text[next])
        {
            case '(': return Token.Open;
            case ')': return Token.Close;
            case '"': return Token.Quote;
        }
        var plain = text.Slice(next, PlainLength());
        if (plain.Equals("and", StringComparison.OrdinalIgnoreCase)) return Token.And;
        if (plain.Equals("or", StringComparison.OrdinalIgnoreCase)) return Token.Or;
        return plain.Equals("not", StringComparison.OrdinalIgnoreCase) ? Token.Not : Token.Word;
    }

    private bool Take(Token token)
    {
        if (Peek() != token) return false;
        next += token is Token.Open or Token.Close or Token.Quote ? 1 : PlainLength();
        return true;
    }

    private void SkipSpace()
    {
        while (next < text.Length && char.IsWhiteSpace(text[next])) next++;
    }

    private WordQuery? Fail(string reason)
    {
        fault ??= reason;
        return null;
    }
}
