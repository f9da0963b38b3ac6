using EventFhir.Core.Search;
using EventFhir.Core.Search.Words;
using EventFhir.Postgres.Projections;
using EventFhir.Postgres.Sql;

namespace EventFhir.Postgres.Search;

/// <summary>The words of texts: the condition, and how well it is met.</summary>
internal sealed class WordWriter(SqlBuilder sql)
{
    private static readonly TextWords Nothing = new();

    /// <summary>
    /// True for a resource without text if the query holds for no words at all. Such a query is turned round: the index finds the texts for which it
    /// does not hold, while it could not find those for which it does.
    /// </summary>
    public void Write(TableNames tables, Clause.Words words)
    {
        var isNegative = words.Query.Holds(Nothing);
        if (isNegative) sql.Append($"not ");
        var wanted = WordVector.Of(isNegative ? new WordQuery.Not(words.Query) : words.Query);
        sql.Append($"x.rid in (select t.rid from {Source(tables, words)} t where t.words @@ {wanted}::tsquery)");
    }

    /// <summary>True if a search has something to be relevant to.</summary>
    public static bool HasScore(SearchQuery query) => query.Types.Any(type => type.Clauses.Any(clause => clause is Clause.Words));

    /// <summary>
    /// From 0 to 1, the mean over the clauses. All words weigh 1, since weights are relative, and PostgreSQL's default would leave no score above
    /// 0.1. Rounded, so that scores that look equal are equal, and a page continues where the one before ended.
    /// </summary>
    public void WriteScore(TypeQuery query, TableNames tables, SqlText rid)
    {
        var clauses = query.Clauses.OfType<Clause.Words>().ToList();
        if (clauses.Count == 0)
        {
            sql.Append($"null::numeric");
            return;
        }
        sql.Append($"round((0");
        foreach (var words in clauses)
        {
            sql.Append($" + coalesce((select ts_rank('{{1,1,1,1}}', t.words, {WordVector.Of(words.Query)}::tsquery)::numeric");
            sql.Append($" from {Source(tables, words)} t where t.rid = {rid}), 0)");
        }
        sql.Append($") / {clauses.Count}, 6)");
    }

    private static SqlText Source(TableNames tables, Clause.Words words) => words.Source is WordSource.Content ? tables.Content : tables.Text;
}
