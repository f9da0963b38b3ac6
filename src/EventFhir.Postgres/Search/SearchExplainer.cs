using System.Collections.Immutable;
using System.Globalization;

using EventFhir.Core;
using EventFhir.Core.Search;
using EventFhir.Model;
using EventFhir.Postgres.Sql;

using Npgsql;

namespace EventFhir.Postgres.Search;

/// <summary>
/// Tells how PostgreSQL carries out a search: every statement that <see cref="SearchReader"/> may run for it, and its plan under the settings of the
/// search's own connections; and no stored data. Statements are planned for the values of this search, also those whose plans the search keeps.
/// </summary>
public sealed class SearchExplainer(EventDatabase database, SearchReader searches)
{
    /// <summary>What includes are followed from depends on the page found, so that they are explained for a resource that does not exist.</summary>
    private static readonly long[] Nowhere = [0];

    /// <param name="at">From a link of another page; null for the first page.</param>
    public async Task<Outcome<SearchExplanation>> ExplainAsync(
        SearchQuery query, SearchCursor? at, ExplainMode mode, CancellationToken cancellationToken)
    {
        if (query.Result.Contained is not null)
            return Refusal.Of(RefusalKind.BadRequest, "not-supported", "What is contained is judged in memory; there is no plan that explains it.");
        try
        {
            var answered = await searches.Terminology.AnswerAsync(query, at?.Snapshot, cancellationToken);
            if (answered.IsRefused(out var unanswered)) return unanswered;
            await using var connection = await database.Searcher.OpenConnectionAsync(cancellationToken);
            await using var keyed = await database.KeySearcher.OpenConnectionAsync(cancellationToken);
            await searches.LearnTablesAsync(connection, answered.Value, cancellationToken);
            await searches.Estimates.LearnAsync(connection, answered.Value, cancellationToken);
            if (at is not null
                && ((!at.IsStart && at.Keys.Length != query.Result.Sort.Length)
                    || !await SearchReader.IsKnownAsync(connection, at.Snapshot, cancellationToken)))
                return SearchReader.Unknown;
            var snapshot = at?.Snapshot ?? await SnapshotAsync(connection, cancellationToken);
            var statements = ImmutableArray.CreateBuilder<ExplainedStatement>();
            foreach (var (use, statement, plan) in StatementsOf(answered.Value, at, snapshot))
                statements.Add(await ExplainAsync(plan is StepPlan.Kept ? keyed : connection, use, statement, mode, cancellationToken));
            return new SearchExplanation([.. query.Types.Select(QueryText.Of)], statements.ToImmutable());
        }
        catch (PostgresException exception) when (IsTimeout(exception, cancellationToken))
        {
            return Refusal.Of(RefusalKind.TimedOut, "timeout", "The explanation took too long; narrow the search.");
        }
    }

    private IEnumerable<(string Use, NpgsqlBatchCommand Statement, StepPlan Plan)> StatementsOf(SearchQuery query, SearchCursor? at, string snapshot)
    {
        var questions = ContainedClauses.QuestionsOf(query);
        if (ContainedProbe.Of(questions, new ContainedTypes())?.Statement(query.Definitions, searches.HasTables) is { } probe)
            yield return ("for chains, in the round trip of the others: which types are contained that they may lead to", probe, StepPlan.Own);
        if (new ContainedChains(searches, database).Count(query, questions, at?.Snapshot) is { } contained)
            yield return ("if there are such: how many resources contain them, and are judged in memory", contained, StepPlan.Own);
        var steps = new SearchSteps(searches.HasTables, searches.Estimates);
        foreach (var step in steps.Of(query, at)) yield return (step.Use, step.Statement, step.Plan);
        if (SearchSteps.IsCount(query)) yield break;
        var includes = IncludeStatement.Of(
            query.Definitions, query.Result.Includes, Nowhere, Nowhere, Limits.IncludedResourcesMax + 1L, searches.HasTables, snapshot);
        if (includes is null) yield break;
        var following = KeyQueries.IsFollowedByKey(query) ? StepPlan.Kept : StepPlan.Own;
        yield return ("for _include and _revinclude, with the resources of the page in place of {0}", includes, following);
    }

    private static async Task<string> SnapshotAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select pg_current_snapshot()::text", connection);
        return (string)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task<ExplainedStatement> ExplainAsync(
        NpgsqlConnection connection, string use, NpgsqlBatchCommand statement, ExplainMode mode, CancellationToken cancellationToken)
    {
        var sql = new SqlText(statement.CommandText);
        ImmutableArray<string> parameters = [.. statement.Parameters.Select(parameter => TextOf(parameter.Value))];
        var plan = ImmutableArray.CreateBuilder<string>();
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(statement);
        if (mode is ExplainMode.Analyze)
        {
            try
            {
                statement.CommandText = SqlWriter.Text($"explain (analyze, buffers) {sql}").Text;
                await ReadAsync(batch, plan, cancellationToken);
                return new ExplainedStatement(use, sql.Text, parameters, plan.ToImmutable());
            }
            catch (PostgresException exception) when (IsTimeout(exception, cancellationToken))
            {
                // A search might not have come to this statement, so what is known of the others is still of use.
                plan.Clear();
                plan.Add(string.Create(CultureInfo.InvariantCulture, $"stopped after {Limits.SearchTimeMax.TotalSeconds} s; as it was planned:"));
            }
        }
        statement.CommandText = SqlWriter.Text($"explain {sql}").Text;
        await ReadAsync(batch, plan, cancellationToken);
        return new ExplainedStatement(use, sql.Text, parameters, plan.ToImmutable());
    }

    private static async Task ReadAsync(NpgsqlBatch batch, ImmutableArray<string>.Builder plan, CancellationToken cancellationToken)
    {
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) plan.Add(row.GetString(0));
    }

    private static bool IsTimeout(PostgresException exception, CancellationToken cancellationToken) =>
        exception.SqlState == PostgresErrorCodes.QueryCanceled && !cancellationToken.IsCancellationRequested;

    private static string TextOf(object? value) => value switch
    {
        null => "null",
        string text => $"'{text}'",
        DateTime time => time.ToString("O", CultureInfo.InvariantCulture),
        Array array => $"{{{string.Join(", ", array.Cast<object?>().Select(TextOf))}}}",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : "''",
    };
}
