using System.Diagnostics;

using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Search;

/// <summary>Strings and URIs in str_…, whose index holds the first characters of each (TypeTables).</summary>
internal sealed class TextWriter(SqlBuilder sql)
{
    public void WriteText(TableNames tables, int[] parameters, SearchValue.Text value)
    {
        if (value.Match is StringMatch.Contains)
        {
            // Only whole strings: the rows of their words would say nothing more. What is cut there is whole among the long texts. The text has no
            // punctuation, and so no wildcard of its own; trigrams serve where there are (es.index_trigrams).
            var whole = parameters.Select(Hashing.LongText).ToArray();
            sql.Append($"x.rid in (select t.rid from {tables.Strings} t where t.parameter = any({parameters.Concat(whole).ToArray()})");
            sql.Append($" and t.exact <> '' and t.normalized like {"%" + value.Folded + "%"})");
            return;
        }
        sql.Append($"x.rid in (select t.rid from {tables.Strings} t where t.parameter = any({parameters}) and ");
        switch (value.Match)
        {
            case StringMatch.Exact:
                var folded = Cut(value.Folded);
                sql.Append($"left(t.normalized, 200) = left({folded}, 200) and t.normalized = {folded} and t.exact = {value.Given}");
                break;
            case StringMatch.Begins:
                sql.Append($"t.exact <> '' and ");
                WritePrefix(value.Folded);
                break;
            case StringMatch.Equal:
                sql.Append($"t.exact <> '' and left(t.normalized, 200) = left({value.Folded}, 200) and t.normalized = {value.Folded}");
                break;
            case StringMatch.Ends:
                sql.Append($"t.exact <> '' and right(t.normalized, length({value.Folded})) = {value.Folded}");
                break;
            case StringMatch.StartsWith:
                WritePrefix(value.Folded);
                break;
            default:
                sql.Append($"t.exact <> '' and t.normalized {OperatorOf(value.Match)} {value.Folded}");
                break;
        }
        sql.Append($")");
    }

    private static SqlText OperatorOf(StringMatch match) => match switch
    {
        StringMatch.NotEqual => new SqlText("<>"),
        StringMatch.Greater => new SqlText(">"),
        StringMatch.Less => new SqlText("<"),
        StringMatch.GreaterOrEqual => new SqlText(">="),
        StringMatch.LessOrEqual => new SqlText("<="),
        _ => throw new UnreachableException($"No SQL is defined for {match}."),
    };

    /// <summary>The terms of the texts that begin so are looked up first: many resources share few texts.</summary>
    public void WriteTerms(TableNames tables, ParameterPlacement placement, SearchValue value)
    {
        var kind = value switch
        {
            SearchValue.TokenText => LexiconKind.Display,
            SearchValue.CodeText => LexiconKind.Code,
            SearchValue.Continued below => below.Kind,
            _ => throw new UnreachableException($"{value.GetType().Name} is no text of a token."),
        };
        var number = LexiconEntry.NumberOf(placement.Parameter.Code, kind);
        TermSets.Write(sql, tables, placement.Home, () =>
        {
            sql.Append($"select t.hash from {tables.Lexicon} t where t.parameter = {number} and ");
            if (value is SearchValue.Continued continued) WriteContinued(continued);
            else WritePrefix(value is SearchValue.TokenText text ? text.Folded : ((SearchValue.CodeText)value).Folded);
        });
    }

    private void WriteContinued(SearchValue.Continued value)
    {
        sql.Append($"(left(t.normalized, 200) = {Begin(value.Beginning)} and t.normalized = {value.Beginning}");
        foreach (var separator in value.Separators)
        {
            sql.Append($" or ");
            WritePrefix(value.Beginning + separator);
        }
        sql.Append($")");
    }

    public void WriteUri(TableNames tables, string code, SearchValue value)
    {
        sql.Append($"x.rid in (select t.rid from {tables.Strings} t where t.parameter = {Hashing.Parameter(code)} and ");
        switch (value)
        {
            case SearchValue.Uri { Match: UriMatch.Below } uri:
                var below = UriPath.Trim(uri.Value);
                WritePrefix(below);
                sql.Append($" and (t.normalized = {below} or starts_with(t.normalized, {below + "/"}))");
                break;
            case SearchValue.Uri { Match: UriMatch.Above } uri:
                var above = UriPath.SelfAndAbove(uri.Value).Where(each => each.Length <= IndexLimits.StringLengthMax).ToArray();
                var beginnings = above.Select(Begin).Distinct().ToArray();
                sql.Append($"left(t.normalized, 200) = any({beginnings}) and t.normalized = any({above}) and t.exact = ''");
                break;
            case SearchValue.Uri uri:
                var cut = Cut(uri.Value);
                sql.Append($"left(t.normalized, 200) = left({cut}, 200) and t.normalized = {cut}");
                sql.Append($" and t.exact = {(cut.Length < uri.Value.Length ? uri.Value : "")}");
                break;
        }
        sql.Append($")");
    }

    /// <summary>That the row t begins so. The index is on the first 200 characters; what goes beyond is compared with the row.</summary>
    public void WritePrefix(string prefix)
    {
        var begin = Begin(prefix);
        sql.Append($"left(t.normalized, 200) >= {begin}");
        if (Successor(begin) is { } end) sql.Append($" and left(t.normalized, 200) < {end}");
        if (begin.Length < prefix.Length) sql.Append($" and starts_with(t.normalized, {prefix})");
    }

    private static string Begin(string text)
    {
        // Each UTF-16 unit is at most one character, so this never reaches beyond what the index holds.
        if (text.Length <= 200) return text;
        return text[..(char.IsHighSurrogate(text[199]) ? 199 : 200)];
    }

    /// <summary>The least text above all that begin so, by code points; null if there is none.</summary>
    private static string? Successor(string prefix)
    {
        var runes = prefix.EnumerateRunes().ToList();
        while (runes.Count > 0)
        {
            var next = runes[^1].Value + 1;
            if (next is >= 0xD800 and <= 0xDFFF) next = 0xE000;
            runes.RemoveAt(runes.Count - 1);
            if (next <= 0x10FFFF) return string.Concat(runes.Append(new System.Text.Rune(next)));
        }
        return null;
    }

    private static string Cut(string text)
    {
        if (text.Length <= IndexLimits.StringLengthMax) return text;
        return text[..(char.IsHighSurrogate(text[IndexLimits.StringLengthMax - 1]) ? IndexLimits.StringLengthMax - 1 : IndexLimits.StringLengthMax)];
    }
}
