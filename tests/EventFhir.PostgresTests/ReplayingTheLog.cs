using EventFhir.Core.Events;
using EventFhir.Core.Search.Indexing;
using EventFhir.Model.Definitions;
using EventFhir.Postgres;
using EventFhir.Postgres.Reading;
using EventFhir.Postgres.Replay;
using EventFhir.Tests;

using Npgsql;

using Xunit;

using static EventFhir.PostgresTests.StoreFixture;

namespace EventFhir.PostgresTests;

public sealed class ReplayingTheLog(TestCluster cluster)
{
    private static readonly ReplayRules Rules = new(Release.R4, LayoutOf, Extract);

    [Fact]
    public async Task A_store_that_nobody_tampered_with_is_clean()
    {
        await using var fixture = await FilledAsync();
        var report = await new Verification(fixture.Database, Rules).RunAsync(null, default);
        Assert.Empty(report.Differences);
        Assert.Equal((133, 110), (report.Events, report.Resources));
    }

    [Theory]
    [InlineData("update es.stream set version = version + 1 where id = 'o-1'", "the head differs")]
    [InlineData("update es.stream set deleted = true where id = 'o-1'", "the head differs")]
    [InlineData("update es.stream set updated = updated + interval '1 s' where id = 'o-1'", "the head differs")]
    [InlineData("update es.stream set digest = null where id = 'o-1'", "the head differs")]
    [InlineData("update es.stream set deleted = true where id = 'subject-1'", "the head differs")]
    [InlineData("delete from es.event where version = 1 and rid = (select rid from es.stream where id = 'o-1')", "gap")]
    [InlineData("delete from es.event where version = 2 and rid = (select rid from es.stream where id = 'o-1')", "the head differs")]
    [InlineData("update es.event set recorded_at = recorded_at + interval '1 h' where version = 1", "earlier in the log")]
    [InlineData("update es.event set kind = 1 where version = 2 and kind = 2", "kind of the event")]
    [InlineData("update es.event set body = replace(body, 'note', 'nota') where version = 1", "commitment")]
    [InlineData("update es.event set salt = '\\x00' where version = 1", "commitment")]
    [InlineData("update es.event set body = '{}' where kind = 3", "a delete has a body")]
    [InlineData("update es.counter set versions = versions + 1", "totals")]
    [InlineData("update es.counter set live = live - 1", "totals")]
    [InlineData("delete from es.counter", "totals")]
    [InlineData("update fhir.x_observation set value = value + 1 where rid = (select rid from es.stream where id = 'o-1')", "x_observation")]
    [InlineData("update fhir.x_observation set subject = subject + 1 where subject is not null", "x_observation")]
    [InlineData("update fhir.x_observation set terms = terms || 1::bigint", "x_observation")]
    [InlineData("delete from fhir.x_observation where rid = (select rid from es.stream where id = 'o-1')", "x_observation")]
    [InlineData("insert into fhir.ident_observation values (1, 1)", "ident_observation")]
    [InlineData("delete from fhir.ref_observation where parameter = 1", "ref_observation")]
    [InlineData("update fhir.str_observation set exact = 'x' where exact = 'Same'", "str_observation")]
    [InlineData("insert into fhir.str_observation select * from fhir.str_observation", "str_observation")]
    [InlineData("update fhir.num_observation set high = high + 0.1", "num_observation")]
    [InlineData("update fhir.date_observation set high = high + interval '1 s' where high < 'infinity'", "date_observation")]
    [InlineData("delete from fhir.text_observation", "text_observation")]
    [InlineData("delete from fhir.lex_observation where parameter = 5", "lex_observation")]
    [InlineData("update fhir.x_observation set since = '3' where rid = (select rid from es.stream where id = 'o-1')", "a row of fhir.x_observation")]
    [InlineData("update fhir_past.x_observation set value = value + 1 where seq = (select min(seq) from fhir_past.x_observation)", "fhir_past.x_observation")]
    [InlineData("update fhir_past.x_observation set until = (until::text::bigint + 1)::text::xid8", "fhir_past.x_observation")]
    [InlineData("delete from fhir_past.x_patient where rid = (select rid from es.stream where id = 'p-10')", "fhir_past.x_patient")]
    [InlineData("insert into fhir_past.ident_observation values (1, 1, '3', '4')", "fhir_past.ident_observation")]
    [InlineData("delete from fhir_past.ref_observation where parameter = 1", "fhir_past.ref_observation")]
    [InlineData("update fhir_past.str_observation set exact = 'x' where exact = 'Same'", "fhir_past.str_observation")]
    [InlineData("update fhir_past.num_observation set since = '3'", "fhir_past.num_observation")]
    [InlineData("delete from fhir_past.date_patient", "fhir_past.date_patient")]
    [InlineData("insert into fhir_past.text_observation values (to_tsvector('x'), 1, '3', '4')", "fhir_past.text_observation")]
    [InlineData("update fhir.layout set fingerprint = ''", "another layout")]
    public async Task One_tampered_row_is_found_and_a_rebuild_mends_what_is_derived(string tampering, string found)
    {
        await using var fixture = await FilledAsync();
        await fixture.ExecuteAsync(tampering);
        var report = await new Verification(fixture.Database, Rules).RunAsync(null, default);
        Assert.Contains(report.Differences, difference => difference.What.Contains(found, StringComparison.Ordinal));
        if (tampering.Contains("es.event", StringComparison.Ordinal)) return;
        await new Rebuild(fixture.Database, Rules).RunAsync(null, default);
        Assert.Empty((await new Verification(fixture.Database, Rules).RunAsync(null, default)).Differences);
    }

    [Fact]
    public async Task A_rebuild_under_writes_and_reads_loses_nothing()
    {
        await using var fixture = await FilledAsync();
        using var stop = new CancellationTokenSource();
        var written = 0;
        var writing = Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            for (var n = 0; !stop.IsCancellationRequested; n++)
            {
                var id = $"w-{writer}-{n % 20}";
                var outcome = await fixture.WriteAsync(n % 7 == 6 ? Delete(Observation, id) : Put(n % 3 == 0 ? Patient : Observation, id, n));
                Assert.IsNotType<WriteOutcome.Refused>(outcome);
                Interlocked.Increment(ref written);
            }
        })).ToList();
        var reading = Task.Run(async () =>
        {
            var reader = new ResourceReader(fixture.Database);
            while (!stop.IsCancellationRequested) Assert.NotNull(await reader.ReadAsync(Key(Observation, "o-1"), default));
        });
        for (var round = 0; round < 3; round++) await new Rebuild(fixture.Database, Rules).RunAsync(null, default);
        await stop.CancelAsync();
        await Task.WhenAll([.. writing, reading]);
        Assert.True(written > 20);
        Assert.Empty((await new Verification(fixture.Database, Rules).RunAsync(null, default)).Differences);
    }

    [Fact]
    public async Task Transactions_of_another_cluster_are_found_and_a_rebuild_mends_them()
    {
        await using var fixture = await FilledAsync();
        // What a dump looks like when it is restored where transactions are counted from the beginning.
        await fixture.ExecuteAsync("update es.event set xid = (xid::text::bigint + 1000000000)::text::xid8");
        var report = await new Verification(fixture.Database, Rules).RunAsync(null, default);
        Assert.Contains(report.Differences, difference => difference.What.Contains("another database cluster", StringComparison.Ordinal));
        await new Rebuild(fixture.Database, Rules).RunAsync(null, default);
        Assert.Empty((await new Verification(fixture.Database, Rules).RunAsync(null, default)).Differences);
    }

    [Fact]
    public async Task A_new_layout_refuses_writes_until_the_rebuild()
    {
        await using var fixture = await FilledAsync();
        TypeLayout NewLayout(TypeDefinition type) => LayoutOf(type) with { SideTables = SideTables.Identifiers | SideTables.Strings };
        await using var newer = new ResourceStore(fixture.Database, Release.R4, NewLayout);
        var write = One(Put(Observation, "o-1", 77));
        Assert.Equal(WriteRefusals.LayoutChanged, Assert.IsType<WriteOutcome.Refused>((await newer.WriteAsync(write, default))[0]).Refusal);
        var rules = Rules with { LayoutOf = NewLayout };
        await new Rebuild(fixture.Database, rules).RunAsync(null, default);
        Assert.IsType<WriteOutcome.Appended>((await newer.WriteAsync(write, default))[0]);
        Assert.Empty((await new Verification(fixture.Database, rules).RunAsync(null, default)).Differences);
    }

    [Fact]
    public async Task A_second_rebuild_at_the_same_time_is_refused()
    {
        await using var fixture = await FilledAsync();
        await using var writer = new NpgsqlConnection(fixture.Database.ConnectionString);
        await writer.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await writer.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var holds = new NpgsqlCommand("lock table es.stream in row exclusive mode", writer))
            await holds.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        // The one that was first waits for this writer, so it cannot have ended before the other begins.
        var both = Enumerable.Range(0, 2).Select(_ => new Rebuild(fixture.Database, Rules).RunAsync(null, default)).ToList();
        await Assert.ThrowsAsync<RebuildRunningException>(async () => await await Task.WhenAny(both));
        await transaction.CommitAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<RebuildRunningException>(() => Task.WhenAll(both));
        Assert.Equal(1, both.Count(task => task.IsCompletedSuccessfully));
    }

    private async Task<StoreFixture> FilledAsync()
    {
        var fixture = await NewAsync(cluster);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(n => fixture.WriteAsync(Put(Observation, $"o-{n}", n))));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(n => fixture.WriteAsync(Put(Patient, $"p-{n}", n))));
        await fixture.WriteAsync(Put(Observation, "o-1", 1001));
        await fixture.WriteAsync(Put(Observation, "o-2", 1002));
        await fixture.WriteAsync(Put(Observation, "o-2", 2));
        await Task.WhenAll(Enumerable.Range(10, 10).Select(n => fixture.WriteAsync(Delete(Patient, $"p-{n}"))));
        return fixture;
    }
}
