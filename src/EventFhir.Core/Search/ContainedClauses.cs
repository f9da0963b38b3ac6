using System.Collections.Immutable;

using EventFhir.Model.Definitions;

namespace EventFhir.Core.Search;

/// <summary>A chain that may lead to what a resource itself contains.</summary>
/// <param name="Type">The type that holds the reference.</param>
/// <param name="Beside">Conditions of the same resource; where one does not hold, it does not matter what the chain leads to.</param>
public sealed record ContainedQuestion(TypeDefinition Type, Clause.Chain Chain, ImmutableArray<Clause> Beside)
{
    /// <summary>The resources that have to be looked at: the index tells what types one contains, not what those say.</summary>
    public TypeQuery Candidates =>
        new(Type, [new Clause.Contains([.. Chain.Targets.Select(target => target.Type)]) { Reference = Chain.Parameter }, .. Beside]);
}

/// <summary>
/// R4 search.html#contained: "A chained condition will be evaluated inside contained resources." Which resources contain what a chain looks for is
/// found out in memory; then their ids stand beside the chain, and the search is data again, as with <see cref="TerminologyClauses"/>.
/// </summary>
public static class ContainedClauses
{
    public static ImmutableArray<ContainedQuestion> QuestionsOf(SearchQuery query)
    {
        var questions = ImmutableArray.CreateBuilder<ContainedQuestion>();
        foreach (var type in query.Types) Collect(query.Definitions.Catalog, type, questions);
        return questions.ToImmutable();
    }

    /// <param name="answers">By chain: the ids of the resources of which it holds because of what they contain.</param>
    public static SearchQuery Answer(SearchQuery query, IReadOnlyDictionary<Clause.Chain, ImmutableArray<string>> answers) =>
        query with { Types = [.. query.Types.Select(type => Rewrite(type, answers))] };

    private static void Collect(SearchCatalog catalog, TypeQuery query, ImmutableArray<ContainedQuestion>.Builder into)
    {
        foreach (var clause in query.Clauses)
        {
            // Most searches have none, and this is asked of each.
            if (!HasChain(clause)) continue;
            Collect(catalog, query.Type, clause, [.. query.Clauses.Where(other => other != clause && !HasChain(other))], into);
        }
    }

    private static void Collect(
        SearchCatalog catalog, TypeDefinition type, Clause clause, ImmutableArray<Clause> beside, ImmutableArray<ContainedQuestion>.Builder into)
    {
        switch (clause)
        {
            case Clause.Not not:
                Collect(catalog, type, not.Inner, beside, into);
                break;
            case Clause.AllOf all:
                foreach (var inner in all.Clauses) Collect(catalog, type, inner, beside, into);
                break;
            case Clause.AnyOf any:
                foreach (var inner in any.Clauses) Collect(catalog, type, inner, beside, into);
                break;
            case Clause.Chain chain:
                if (catalog.HasKeys(type, chain.Parameter)) into.Add(new ContainedQuestion(type, chain, beside));
                foreach (var target in chain.Targets) Collect(catalog, target, into);
                break;
            case Clause.Has has:
                Collect(catalog, has.Source, into);
                break;
        }
    }

    private static bool HasChain(Clause clause) => clause switch
    {
        Clause.Not not => HasChain(not.Inner),
        Clause.AllOf all => all.Clauses.Any(HasChain),
        Clause.AnyOf any => any.Clauses.Any(HasChain),
        Clause.Chain => true,
        Clause.Has has => has.Source.Clauses.Any(HasChain),
        _ => false,
    };

    private static TypeQuery Rewrite(TypeQuery query, IReadOnlyDictionary<Clause.Chain, ImmutableArray<string>> answers) =>
        query with { Clauses = [.. query.Clauses.Select(clause => Rewrite(clause, answers))] };

    private static Clause Rewrite(Clause clause, IReadOnlyDictionary<Clause.Chain, ImmutableArray<string>> answers) => clause switch
    {
        Clause.Not not => new Clause.Not(Rewrite(not.Inner, answers)),
        Clause.AllOf all => new Clause.AllOf([.. all.Clauses.Select(inner => Rewrite(inner, answers))]),
        Clause.AnyOf any => new Clause.AnyOf([.. any.Clauses.Select(inner => Rewrite(inner, answers))]),
        Clause.Chain chain when answers.TryGetValue(chain, out var ids) && !ids.IsEmpty =>
            new Clause.AnyOf([Rewrite(chain, answers), new Clause.Id(ids)]),
        Clause.Chain chain => Rewrite(chain, answers),
        Clause.Has has => has with { Source = Rewrite(has.Source, answers) },
        _ => clause,
    };

    private static Clause.Chain Rewrite(Clause.Chain chain, IReadOnlyDictionary<Clause.Chain, ImmutableArray<string>> answers) =>
        chain with { Targets = [.. chain.Targets.Select(target => Rewrite(target, answers))] };
}
