using System.Globalization;
using System.Text;

using EventFhir.Core.Search.Words;

namespace EventFhir.Postgres.Projections;

/// <summary>Words and queries in the notation of tsvector and tsquery, which PostgreSQL reads without splitting or folding anything itself. Words
/// are letters, digits and their marks alone, so that nothing in them needs an escape.</summary>
internal static class WordVector
{
    /// <summary>"'bone':1,7 'liver':3".</summary>
    public static string Of(TextWords words)
    {
        var text = new StringBuilder();
        foreach (var (word, places) in words.Places)
        {
            text.Append(text.Length > 0 ? " '" : "'").Append(word).Append("':");
            for (var index = 0; index < places.Count; index++)
                text.Append(index > 0 ? "," : "").Append(CultureInfo.InvariantCulture, $"{places[index]}");
        }
        return text.ToString();
    }

    /// <summary>"('bone' | 'liver') &amp; !('no' &lt;-&gt; 'metastases')".</summary>
    public static string Of(WordQuery query)
    {
        var text = new StringBuilder();
        Append(text, query);
        return text.ToString();
    }

    private static void Append(StringBuilder text, WordQuery query)
    {
        switch (query)
        {
            case WordQuery.Phrase phrase:
                text.Append('(').AppendJoin(" <-> ", phrase.Words.Select(word => $"'{word}'")).Append(')');
                break;
            case WordQuery.Not not:
                text.Append('!');
                Append(text.Append('('), not.Inner);
                text.Append(')');
                break;
            case WordQuery.All all:
                AppendParts(text, all.Parts, " & ");
                break;
            case WordQuery.Any any:
                AppendParts(text, any.Parts, " | ");
                break;
        }
    }

    private static void AppendParts(StringBuilder text, IReadOnlyList<WordQuery> parts, string between)
    {
        for (var place = 0; place < parts.Count; place++)
        {
            text.Append(place > 0 ? between : "").Append('(');
            Append(text, parts[place]);
            text.Append(')');
        }
    }
}
