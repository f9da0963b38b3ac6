using System.Collections.Immutable;

using EventFhir.Model;

namespace EventFhir.Core.Search.Filters;

/// <summary>
/// Reads the grammar of R4 search_filter.html. "and" and "or" have the same precedence and are taken from left to right, as the page says.
/// </summary>
internal sealed class FilterReader(string text)
{
    private int at;
    private int tests;

    public Outcome<FilterExpression> Read()
    {
        if (text.Length > Limits.FilterCharactersMax) return TooCostly($"A filter may have at most {Limits.FilterCharactersMax} characters.");
        var read = ReadFilter(0);
        if (read.IsRefused(out _)) return read;
        SkipSpace();
        return at == text.Length ? read : Bad("'and', 'or' or the end of the filter is expected");
    }

    private Outcome<FilterExpression> ReadFilter(int depth)
    {
        if (depth > Limits.FilterDepthMax) return TooCostly($"The parts of a filter may be nested {Limits.FilterDepthMax} deep.");
        var first = ReadOperand(depth);
        if (first.IsRefused(out _)) return first;
        var whole = first.Value;
        while (true)
        {
            SkipSpace();
            var word = PeekName();
            if (word is not ("and" or "or")) return whole;
            at += word.Length;
            var next = ReadOperand(depth);
            if (next.IsRefused(out _)) return next;
            whole = (word, whole) switch
            {
                ("and", FilterExpression.All all) => new FilterExpression.All(all.Parts.Add(next.Value)),
                ("and", _) => new FilterExpression.All([whole, next.Value]),
                (_, FilterExpression.Any any) => new FilterExpression.Any(any.Parts.Add(next.Value)),
                _ => new FilterExpression.Any([whole, next.Value]),
            };
        }
    }

    private Outcome<FilterExpression> ReadOperand(int depth)
    {
        SkipSpace();
        if (PeekName() == "not")
        {
            at += "not".Length;
            SkipSpace();
            if (Peek() != '(') return Bad("'not' is followed by a filter in parentheses");
            var inner = ReadParentheses(depth);
            return inner.IsRefused(out _) ? inner : new FilterExpression.Not(inner.Value);
        }
        return Peek() == '(' ? ReadParentheses(depth) : ReadTest(depth);
    }

    private Outcome<FilterExpression> ReadParentheses(int depth)
    {
        at++;
        var inner = ReadFilter(depth + 1);
        if (inner.IsRefused(out _)) return inner;
        if (!Take(')')) return Bad("')' is expected");
        return inner;
    }

    private Outcome<FilterExpression> ReadTest(int depth)
    {
        if (++tests > Limits.FilterTestsMax) return TooCostly($"A filter may have at most {Limits.FilterTestsMax} tests.");
        var path = ImmutableArray.CreateBuilder<FilterStep>();
        do
        {
            var name = ReadName();
            if (name.Text.Length == 0) return Bad("the name of a search parameter is expected");
            FilterExpression? condition = null;
            if (Peek() == '[')
            {
                at++;
                var inner = ReadFilter(depth + 1);
                if (inner.IsRefused(out _)) return inner;
                if (!Take(']')) return Bad("']' is expected");
                if (Peek() != '.') return Bad("a filter in brackets is followed by '.' and a name");
                condition = inner.Value;
            }
            path.Add(new FilterStep(name, condition));
        }
        while (TakeHere('.'));

        if (!SkipSpace()) return Bad("a blank and an operator are expected");
        var operation = ReadName();
        if (operation.Text.Length == 0) return Bad("an operator is expected");
        if (!SkipSpace()) return Bad("a blank and a value are expected");
        var start = at + 1;
        if (Peek() != '"') return ReadToken(path.ToImmutable(), operation);
        if (!JsonText.TryRead(text, ref at, out var given)) return Bad("this is no JSON string");
        return new FilterExpression.Test(path.ToImmutable(), operation, new FilterValue(given, FilterValueForm.String, start));
    }

    /// <summary>R4: "any sequence of non-whitespace characters except ']' and ')'".</summary>
    private Outcome<FilterExpression> ReadToken(ImmutableArray<FilterStep> path, FilterWord operation)
    {
        var start = at;
        while (at < text.Length && text[at] is not (']' or ')') && !char.IsWhiteSpace(text[at])) at++;
        if (at == start) return Bad("a value is expected");
        return new FilterExpression.Test(path, operation, new FilterValue(text[start..at], FilterValueForm.Token, start + 1));
    }

    private FilterWord ReadName()
    {
        var name = PeekName();
        at += name.Length;
        return new FilterWord(name, at - name.Length + 1);
    }

    private string PeekName()
    {
        var end = at;
        if (end < text.Length && (text[end] == '_' || char.IsAsciiLetter(text[end])))
            while (end < text.Length && (text[end] is '_' or '-' || char.IsAsciiLetterOrDigit(text[end]))) end++;
        return text[at..end];
    }

    private char Peek() => at < text.Length ? text[at] : '\0';

    private bool Take(char expected)
    {
        SkipSpace();
        return TakeHere(expected);
    }

    private bool TakeHere(char expected)
    {
        if (Peek() != expected) return false;
        at++;
        return true;
    }

    private bool SkipSpace()
    {
        var start = at;
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
        return at > start;
    }

    private Refusal Bad(string reason) =>
        Refusal.Of(RefusalKind.BadRequest, "invalid", $"The filter cannot be read at character {at + 1}: {reason}.");

    private static Refusal TooCostly(string diagnostics) => Refusal.Of(RefusalKind.BadRequest, "too-costly", diagnostics);
}
