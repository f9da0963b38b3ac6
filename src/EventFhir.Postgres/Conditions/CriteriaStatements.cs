using System.Globalization;

using EventFhir.Core.Conditions;
using EventFhir.Core.Search;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Search;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Conditions;

/// <summary>Criteria to be asked, and how many matches are of interest.</summary>
/// <param name="Place">Comes back with each match.</param>
internal readonly record struct CriteriaQuestion(int Place, Criteria Criteria, int MatchesMax);

/// <summary>
/// Finds what many criteria match: one statement for all that look up an identifier of a type, since a bundle may have thousands of them, and
/// one for each of the others. The rows of each are (place, id, version).
/// </summary>
internal static class CriteriaStatements
{
    /// <param name="hasTables">Types never written have no tables, and so no matches.</param>
    public static void AddTo(NpgsqlBatch batch, IEnumerable<CriteriaQuestion> questions, Func<TypeDefinition, bool> hasTables)
    {
        var identifiers = new Dictionary<TypeDefinition, List<(CriteriaQuestion Question, long Hash)>>();
        foreach (var question in questions)
        {
            var type = question.Criteria.Type;
            if (!hasTables(type)) continue;
            if (IdentifierOf(question.Criteria.Query) is not { } hash) batch.BatchCommands.Add(Search(question, hasTables));
            else if (identifiers.TryGetValue(type, out var known)) known.Add((question, hash));
            else identifiers.Add(type, [(question, hash)]);
        }
        foreach (var (type, sought) in identifiers)
            batch.BatchCommands.Add(LookUp(new TableNames(sought[0].Question.Criteria.Query.Definitions.LayoutOf(type)), sought));
    }

    /// <summary>The hash under which the index keeps the one identifier that the criteria name; null if they are anything else.</summary>
    private static long? IdentifierOf(SearchQuery query) =>
        query.Types is [{ Clauses: [Clause.Matches { Values: [SearchValue.Token { Code: not null, LowerCode: null } token] } only] } type]
        && ClauseWriter.PlacementOf(query.Definitions.LayoutOf(type.Type), only.Parameter) is ParameterPlacement.TokenIdentifiers placement
            ? TokenHashes.Of(placement.Parameter.Code, token)
            : null;

    private static NpgsqlBatchCommand LookUp(TableNames tables, List<(CriteriaQuestion Question, long Hash)> sought)
    {
        var sql = new SqlBuilder();
        sql.Append($"select a.place, s.id, s.version from unnest({sought.ConvertAll(one => one.Question.Place).ToArray()}");
        sql.Append($", {sought.ConvertAll(one => one.Hash).ToArray()}, {sought.ConvertAll(one => one.Question.MatchesMax).ToArray()})");
        sql.Append($" a(place, hash, most) cross join lateral (select distinct t.rid from {tables.Identifiers} t where t.hash = a.hash");
        sql.Append($" limit a.most) m join es.stream s on s.rid = m.rid");
        return sql.Statement();
    }

    private static NpgsqlBatchCommand Search(CriteriaQuestion question, Func<TypeDefinition, bool> hasTables)
    {
        var sql = new SqlBuilder();
        var clauses = new ClauseWriter(sql, question.Criteria.Query.Definitions, hasTables);
        // Text, not a value: a plan that is kept would take a tenth of the rows for an unknown limit.
        var limit = new SqlText(question.MatchesMax.ToString(CultureInfo.InvariantCulture));
        sql.Append($"select {question.Place}, s.id, s.version from (");
        clauses.Select(question.Criteria.Query.Types[0]);
        sql.Append($" limit {limit}) m join es.stream s on s.rid = m.rid");
        return sql.Statement();
    }
}
