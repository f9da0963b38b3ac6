using System.Collections.Immutable;

using EventFhir.Core.Search;
using EventFhir.Postgres.Search;
using EventFhir.Tests;

using Npgsql;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>An explanation holds exactly the statements that the search may run, each with its values and a plan.</summary>
public sealed class ExplainingSearches(TestCluster cluster)
{
    [Fact]
    public async Task Every_statement_that_a_search_may_run_is_explained()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        await fixture.WriteAsync(
            SearchFixture.Read("""{"resourceType":"Patient","id":"p1","name":[{"family":"Hidden"}],"birthDate":"1990-02-03"}"""),
            SearchFixture.Read("""{"resourceType":"Patient","id":"p2","name":[{"family":"Hidden"}],"birthDate":"1991-02-03"}"""),
            SearchFixture.Read("""{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p1"}}"""));

        Assert.Equal(["if up to 2000 match", "otherwise"], await UsesAsync("Patient", "family=hidden&_sort=family"));
        Assert.Equal(["if up to 2000 match", "if a stretch of the order fills the page", "otherwise"], await UsesAsync("Patient", "family=hidden"));
        Assert.Equal(["if a stretch of the order fills the page"], await UsesAsync("Patient", ""));
        Assert.Equal(["all matches, counted"], await UsesAsync("Patient", "family=hidden&_total=accurate"));
        Assert.Equal(["the total"], await UsesAsync("Patient", "family=hidden&_summary=count"));
        Assert.Equal(["the total"], await UsesAsync("Account", "name=x&_count=0"));
        Assert.StartsWith(
            "for _include", (await UsesAsync("Patient", "family=hidden&_revinclude=Observation:subject"))[^1], StringComparison.Ordinal);

        // The page of a link, as its reader would get it.
        var query = SearchFixture.Parse("Patient", "family=hidden&_count=1&_sort=birthdate").Value;
        var next = (await fixture.SearchAsync(query)).Next;
        var explained = await ExplainAsync(query, next, ExplainMode.Plan);
        Assert.All(explained.Statements, statement => Assert.Contains($"'{next!.Snapshot}'", statement.Parameters));

        async Task<ImmutableArray<string>> UsesAsync(string type, string text)
        {
            var parsed = SearchFixture.Parse(type, text).Value;
            var planned = await ExplainAsync(parsed, at: null, ExplainMode.Plan);
            var measured = await ExplainAsync(parsed, at: null, ExplainMode.Analyze);
            Assert.Equal([.. parsed.Types.Select(QueryText.Of)], planned.Clauses);
            foreach (var (statement, carriedOut) in planned.Statements.Zip(measured.Statements))
            {
                Assert.Contains("(cost=", statement.Plan[0], StringComparison.Ordinal);
                Assert.DoesNotContain("actual time", string.Concat(statement.Plan), StringComparison.Ordinal);
                Assert.Contains("(actual time=", carriedOut.Plan[0], StringComparison.Ordinal);
                Assert.Equal(statement.Sql, carriedOut.Sql);
                for (var place = 1; place <= statement.Parameters.Length; place++)
                    Assert.Contains($"${place}", statement.Sql, StringComparison.Ordinal);
                Assert.DoesNotContain("Hidden", string.Concat(carriedOut.Plan), StringComparison.Ordinal);
            }
            return [.. planned.Statements.Select(statement => statement.Use)];
        }

        async Task<SearchExplanation> ExplainAsync(SearchQuery asked, SearchCursor? at, ExplainMode mode) =>
            (await fixture.Reader.Explainer.ExplainAsync(asked, at, mode, CancellationToken.None)).Value;
    }

    [Fact]
    public async Task A_statement_that_is_stopped_shows_its_plan_all_the_same()
    {
        await using var fixture = await SearchFixture.NewAsync(cluster);
        await fixture.WriteAsync(SearchFixture.Read("""{"resourceType":"Patient","id":"p1"}"""));
        await ExecuteAsync(fixture.Database.Reader, """
            create or replace function es.current(p_rids bigint[])
            returns table (rid bigint, type smallint, id text, version int, kind smallint, updated timestamptz, body text)
            language plpgsql stable rows 20 as $$ begin perform pg_sleep(600); end $$
            """);
        // The pool has this connection only, and does not reset it.
        await ExecuteAsync(fixture.Database.Searcher, "set statement_timeout = '3s'");
        var query = SearchFixture.Parse("Patient", "").Value;
        var stopped = Assert.Single((await fixture.Reader.Explainer.ExplainAsync(query, at: null, ExplainMode.Analyze, CancellationToken.None)).Value.Statements);
        Assert.StartsWith("stopped after", stopped.Plan[0], StringComparison.Ordinal);
        Assert.Contains("(cost=", stopped.Plan[1], StringComparison.Ordinal);
        Assert.StartsWith("with w as", stopped.Sql, StringComparison.Ordinal);

        static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
        {
            await using var command = source.CreateCommand(sql);
            await command.ExecuteNonQueryAsync();
        }
    }
}
