using System.Collections.Immutable;

using EventFhir.Core.Terminology;

namespace EventFhir.Core.Search;

/// <summary>
/// What a search asks of terminology, and the same search with the answers put in. After that it is data again: neither SQL nor the matcher
/// knows value sets.
/// </summary>
public static class TerminologyClauses
{
    /// <summary>Each question once.</summary>
    public static ImmutableArray<CodeSetQuestion> QuestionsOf(SearchQuery query)
    {
        var questions = new HashSet<CodeSetQuestion>();
        foreach (var type in query.Types) Rewrite(type, value => Note(value, questions));
        return [.. questions];
    }

    /// <param name="answers">One for each question.</param>
    public static SearchQuery Answer(SearchQuery query, IReadOnlyDictionary<CodeSetQuestion, CodeSet> answers) => query with
    {
        Types = [.. query.Types.Select(type => Rewrite(type, value =>
            value is SearchValue.TokenIn token ? token with { Codes = answers[token.Question] } : value))],
    };

    /// <summary>True if two versions of one search were answered with the same codes.</summary>
    public static bool HaveSameAnswers(SearchQuery one, SearchQuery other)
    {
        var (ones, others) = (CodesOf(one), CodesOf(other));
        return ones.Count == others.Count && ones.Zip(others).All(pair => IsSame(pair.First, pair.Second));
    }

    private static bool IsSame(CodeSet one, CodeSet other) =>
        ReferenceEquals(one, other) || (one.Codes.Length == other.Codes.Length && one.Codes.All(other.Contains));

    private static List<CodeSet> CodesOf(SearchQuery query)
    {
        var sets = new List<CodeSet>();
        foreach (var type in query.Types)
        {
            Rewrite(type, value =>
            {
                if (value is SearchValue.TokenIn { Codes: { } codes }) sets.Add(codes);
                return value;
            });
        }
        return sets;
    }

    private static SearchValue Note(SearchValue value, HashSet<CodeSetQuestion> questions)
    {
        if (value is SearchValue.TokenIn token) questions.Add(token.Question);
        return value;
    }

    private static TypeQuery Rewrite(TypeQuery query, Func<SearchValue, SearchValue> rewrite) =>
        query with { Clauses = [.. query.Clauses.Select(clause => Rewrite(clause, rewrite))] };

    private static Clause Rewrite(Clause clause, Func<SearchValue, SearchValue> rewrite) => clause switch
    {
        Clause.Matches matches => matches with { Values = [.. matches.Values.Select(rewrite)] },
        Clause.Not not => new Clause.Not(Rewrite(not.Inner, rewrite)),
        Clause.AllOf all => new Clause.AllOf([.. all.Clauses.Select(inner => Rewrite(inner, rewrite))]),
        Clause.AnyOf any => new Clause.AnyOf([.. any.Clauses.Select(inner => Rewrite(inner, rewrite))]),
        Clause.Chain chain => chain with { Targets = [.. chain.Targets.Select(target => Rewrite(target, rewrite))] },
        Clause.Has has => has with { Source = Rewrite(has.Source, rewrite) },
        _ => clause,
    };
}
