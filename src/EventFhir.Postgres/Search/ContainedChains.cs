using System.Collections.Immutable;

using EventFhir.Core;
using EventFhir.Core.Search;
using EventFhir.Model;
using EventFhir.Model.Json;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Search;

/// <summary>
/// Finds the resources of which a chain holds because of what they contain: the index tells which have a reference without key and contain the
/// type; those are read and judged in memory.
/// </summary>
internal sealed class ContainedChains(SearchReader reader, EventDatabase database)
{
    private const int PortionSize = 500;

    private static readonly Refusal TooMany = Refusal.Of(
        RefusalKind.BadRequest, "too-costly",
        $"More than {Limits.ContainersMax} resources contain what a chain of the search may lead to; add conditions that fewer of them meet.");

    /// <summary>The same search with the ids of what was found beside its chains; itself if there is nothing to look at.</summary>
    /// <param name="query">With the answers of terminology.</param>
    /// <param name="snapshot">pg_snapshot that saw what counts; null for now.</param>
    public async Task<Outcome<SearchQuery>> AnswerAsync(
        SearchQuery query, ImmutableArray<ContainedQuestion> questions, string? snapshot, CancellationToken cancellationToken)
    {
        if (questions.IsEmpty) return query;
        var counts = await CountAsync(query, questions, snapshot, cancellationToken);
        if (counts.Sum() == 0) return query;
        if (counts.Any(count => count > Limits.ContainersMax)) return TooMany;
        var matcher = new SearchMatcher(query.Definitions.Release, query.BaseUrl, []);
        var answers = new Dictionary<Clause.Chain, ImmutableArray<string>>(ReferenceEqualityComparer.Instance);
        for (var place = 0; place < questions.Length; place++)
        {
            if (counts[place] == 0) continue;
            var found = await FindAsync(query, questions[place], matcher, snapshot, cancellationToken);
            if (found.IsRefused(out var refusal)) return refusal;
            answers[questions[place].Chain] = [.. found.Value];
        }
        return ContainedClauses.Answer(query, answers);
    }

    /// <summary>One row for each question whose type has tables: its place, and how many resources have to be looked at.</summary>
    public NpgsqlBatchCommand? Count(SearchQuery query, ImmutableArray<ContainedQuestion> questions, string? snapshot)
    {
        var sql = new SqlBuilder();
        var clauses = new ClauseWriter(sql, query.Definitions, reader.HasTables, snapshot is null ? null : SearchCompiler.Seen(sql, snapshot));
        var isFirst = true;
        for (var place = 0; place < questions.Length; place++)
        {
            if (!reader.HasTables(questions[place].Type)) continue;
            if (!isFirst) sql.Append($" union all ");
            isFirst = false;
            sql.Append($"select {place}, count(*) from (select * from (");
            clauses.Select(questions[place].Candidates);
            // Far more than there are as a rule: the planner must not hope to meet the first ones soon.
            sql.Append($") m limit {Limits.ContainersMax + 1}) c");
        }
        return isFirst ? null : sql.Statement();
    }

    private async Task<long[]> CountAsync(
        SearchQuery query, ImmutableArray<ContainedQuestion> questions, string? snapshot, CancellationToken cancellationToken)
    {
        var counts = new long[questions.Length];
        await using var connection = await database.Searcher.OpenConnectionAsync(cancellationToken);
        await reader.LearnTablesAsync(connection, query, cancellationToken);
        if (Count(query, questions, snapshot) is not { } statement) return counts;
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { statement } };
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) counts[row.GetInt32(0)] = row.GetInt64(1);
        return counts;
    }

    private async Task<Outcome<List<string>>> FindAsync(
        SearchQuery query, ContainedQuestion question, SearchMatcher matcher, string? snapshot, CancellationToken cancellationToken)
    {
        var candidates = new SearchQuery(
            query.Definitions, [question.Candidates], ResultShape.Default with { Count = PortionSize, Total = TotalMode.None }, []);
        var at = snapshot is null ? null : SearchCursor.AsOf(snapshot);
        var (found, seen) = (new List<string>(), 0);
        while (true)
        {
            var read = await reader.ReadAnsweredAsync(candidates, at, probe: null, cancellationToken);
            if (read.IsRefused(out var refusal)) return refusal;
            foreach (var match in read.Value.Matches)
            {
                var resource = ResourceJsonReader.Read(match.Body, query.Definitions.Release).Resource
                    ?? throw new InvalidDataException($"The stored {match.Key} cannot be read.");
                if (matcher.LeadsInside(question.Chain, resource)) found.Add(match.Key.Id.Value);
            }
            seen += read.Value.Matches.Length;
            if (seen > Limits.ContainersMax) return TooMany;
            if (read.Value.Next is not { } next) return found;
            at = next;
        }
    }
}
