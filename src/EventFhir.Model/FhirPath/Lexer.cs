using System.Globalization;
using System.Text;

namespace EventFhir.Model.FhirPath;

internal enum TokenKind { End, Identifier, Delimited, Literal, Number, Variable, Special, Symbol }

/// <param name="Text">The identifier, variable or symbol, without quotes and signs.</param>
/// <param name="Value">For literals and numbers.</param>
internal readonly record struct Token(TokenKind Kind, string Text, FhirPathValue Value, int Position)
{
    public bool Is(string symbol) => Kind is TokenKind.Symbol && Text == symbol;
    public bool IsWord(string word) => Kind is TokenKind.Identifier && Text == word;
}

/// <summary>Cuts an expression into tokens (FHIRPath N1, appendix B).</summary>
internal sealed class Lexer(string text)
{
    private static readonly string[] Symbols =
        ["!=", "!~", "<=", ">=", ".", "(", ")", "[", "]", "{", "}", ",", "+", "-", "*", "/", "&", "|", "=", "~", "<", ">"];
    private int at;

    public static List<Token> Read(string text)
    {
        var lexer = new Lexer(text);
        var tokens = new List<Token>();
        do tokens.Add(lexer.Next());
        while (tokens[^1].Kind is not TokenKind.End);
        return tokens;
    }

    private char Current => at < text.Length ? text[at] : '\0';

    private Token Next()
    {
        SkipBlanks();
        var start = at;
        if (at == text.Length) return new Token(TokenKind.End, "", default, start);
        if (char.IsAsciiLetter(Current) || Current == '_') return new Token(TokenKind.Identifier, Word(), default, start);
        if (char.IsAsciiDigit(Current)) return Number(start);
        switch (Current)
        {
            case '\'': return new Token(TokenKind.Literal, "", FhirPathValue.Of(Quoted('\'')), start);
            case '`': return new Token(TokenKind.Delimited, Quoted('`'), default, start);
            case '@': return new Token(TokenKind.Literal, "", Temporal(), start);
            case '%':
                at++;
                return new Token(TokenKind.Variable, Current is '`' or '\'' ? Quoted(Current) : Word(), default, start);
            case '$':
                at++;
                return new Token(TokenKind.Special, Word(), default, start);
        }
        foreach (var symbol in Symbols)
        {
            if (string.CompareOrdinal(text, at, symbol, 0, symbol.Length) != 0) continue;
            at += symbol.Length;
            return new Token(TokenKind.Symbol, symbol, default, start);
        }
        throw FhirPathException.Syntax("This character cannot start anything in FHIRPath.", at);
    }

    private void SkipBlanks()
    {
        while (at < text.Length)
        {
            if (char.IsWhiteSpace(Current)) at++;
            else if (Follows("//")) at = text.IndexOf('\n', at) is var end and >= 0 ? end + 1 : text.Length;
            else if (Follows("/*"))
            {
                var end = text.IndexOf("*/", at + 2, StringComparison.Ordinal);
                if (end < 0) throw FhirPathException.Syntax("A comment is not closed.", at);
                at = end + 2;
            }
            else return;
        }
    }

    private bool Follows(string expected) => string.CompareOrdinal(text, at, expected, 0, expected.Length) == 0;

    private string Word()
    {
        var start = at;
        while (char.IsAsciiLetterOrDigit(Current) || Current == '_') at++;
        if (start == at) throw FhirPathException.Syntax("A name is missing.", at);
        return text[start..at];
    }

    private Token Number(int start)
    {
        while (char.IsAsciiDigit(Current)) at++;
        var isDecimal = Current == '.' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1]);
        if (isDecimal)
            for (at++; char.IsAsciiDigit(Current);) at++;
        var digits = text.AsSpan(start, at - start);
        if (isDecimal && decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            return new Token(TokenKind.Number, "", FhirPathValue.Of(number), start);
        if (!isDecimal && Current == 'L' && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var wide))
        {
            at++;
            return new Token(TokenKind.Number, "", FhirPathValue.Of(wide), start);
        }
        if (!isDecimal && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var integer))
            return new Token(TokenKind.Number, "", FhirPathValue.Of(integer), start);
        throw FhirPathException.Syntax("The number is too large; integers have 32 bits, decimals 28 digits.", start);
    }

    private FhirPathValue Temporal()
    {
        var start = ++at;
        var rest = Encoding.UTF8.GetBytes(text.Substring(at, Math.Min(40, text.Length - at)));
        if (Current == 'T' && TemporalParser.TryReadTime(rest.AsSpan(1), out var length, out var value))
        {
            at += length + 1;
            return FhirPathValue.Of(value);
        }
        // The letter T makes it a date-time, of whatever precision: @2015T, @2015-02-04T14.
        if (TemporalParser.TryReadDateTime(rest, out length, out value))
        {
            var isDateTime = rest.AsSpan(0, length).Contains((byte)'T');
            at += length;
            return FhirPathValue.Of(isDateTime ? value : value with { Kind = TemporalKind.Date });
        }
        throw FhirPathException.Syntax("This is no date or time.", start);
    }

    private string Quoted(char quote)
    {
        var start = at++;
        var value = new StringBuilder();
        while (Current != quote)
        {
            if (at >= text.Length) throw FhirPathException.Syntax("A quote is not closed.", start);
            if (Current != '\\') value.Append(text[at++]);
            else value.Append(Escaped());
        }
        at++;
        return value.ToString();
    }

    private char Escaped()
    {
        at++;
        var letter = Current;
        at++;
        if (letter != 'u') return letter switch { 'r' => '\r', 'n' => '\n', 't' => '\t', 'f' => '\f', _ => letter };
        if (at + 4 > text.Length || !ushort.TryParse(text.AsSpan(at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
            throw FhirPathException.Syntax("\\u needs four hexadecimal digits.", at);
        at += 4;
        return (char)code;
    }
}
