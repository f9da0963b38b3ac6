using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

using EventFhir.Core.Events;
using EventFhir.Model.Definitions;
using EventFhir.Postgres;
using EventFhir.Postgres.Bulk;
using EventFhir.Postgres.Projections;
using EventFhir.Postgres.Replay;
using EventFhir.Tests;

using Npgsql;

using Xunit;

using static EventFhir.PostgresTests.StoreFixture;

namespace EventFhir.PostgresTests;

/// <summary>Large groups of new resources take another way into the same tables; what comes out must be the same.</summary>
public sealed class LoadingInBulk(TestCluster cluster)
{
    private static readonly ReplayRules Rules = new(Release.R4, LayoutOf, Extract);

    [Fact]
    public async Task A_large_group_of_new_resources_is_stored_with_its_search_rows_at_one_instant()
    {
        await using var fixture = await NewAsync(cluster);
        var commands = Enumerable.Range(0, 400)
            .Select(n => n % 4 == 0 ? Post(Patient, $"p-{n}", n) : Put(Observation, $"o-{n}", n)).Reverse().ToList();
        var outcomes = await WriteAsync(fixture, commands);
        Assert.Equal(commands.Select(command => command.Key), outcomes.Select(outcome => Assert.IsType<WriteOutcome.Appended>(outcome).Key));
        Assert.All(outcomes, outcome => Assert.True(outcome is WriteOutcome.Appended { Version: 1, IsNew: true }));
        // One by one, each would have got a time of its own.
        Assert.Equal(1, await fixture.ScalarAsync<long>("select count(distinct recorded_at) from es.event"));
        Assert.Equal(100, await fixture.ScalarAsync<long>("select count(*) from es.event where kind = 1"));
        await AssertCleanAsync(fixture, 400);
        await new Rebuild(fixture.Database, Rules).RunAsync(null, default);
        await AssertCleanAsync(fixture, 400);
    }

    [Fact]
    public async Task Placeholders_are_taken_over_with_their_rid()
    {
        await using var fixture = await NewAsync(cluster);
        await WriteAsync(fixture, Enumerable.Range(0, 200).Select(n => Put(Observation, $"o-{n}", n)));
        const string Subjects = "select string_agg(id || rid, ',' order by id) from es.stream where id like 'subject-%'";
        var before = await fixture.ScalarAsync<string>(Subjects);
        Assert.Equal(5, await fixture.ScalarAsync<long>("select count(*) from es.stream where id like 'subject-%' and version = 0"));
        var outcomes = await WriteAsync(
            fixture,
            Enumerable.Range(0, 5).Select(n => Put(Patient, $"subject-{n}", n))
                .Concat(Enumerable.Range(0, 200).Select(n => Put(Patient, $"p-{n}", n))));
        Assert.All(outcomes, outcome => Assert.True(outcome is WriteOutcome.Appended { Version: 1, IsNew: true }));
        Assert.Equal(before, await fixture.ScalarAsync<string>(Subjects));
        await AssertCleanAsync(fixture, 405);
    }

    [Fact]
    public async Task A_group_that_meets_stored_resources_is_decided_one_by_one()
    {
        await using var fixture = await NewAsync(cluster);
        await fixture.WriteAsync(Put(Observation, "same", 1));
        await fixture.WriteAsync(Put(Observation, "changed", 1));
        await fixture.WriteAsync(Put(Observation, "deleted", 1));
        await fixture.WriteAsync(Delete(Observation, "deleted"));
        var outcomes = await WriteAsync(fixture, Enumerable.Range(0, 300).Select(n => Put(Observation, $"o-{n}", n)).Concat(
            [Put(Observation, "same", 1), Put(Observation, "changed", 2), Put(Observation, "deleted", 3), Put(Patient, "subject-1", 4)]));
        Assert.Equal(
            ["1 True", "1", "2 False", "3 True", "1 True"],
            outcomes[299..].Select(outcome => outcome switch
            {
                WriteOutcome.Appended appended => $"{appended.Version} {appended.IsNew}",
                WriteOutcome.Unchanged unchanged => $"{unchanged.Version}",
                _ => "refused",
            }));
        await AssertCleanAsync(fixture, 304);
    }

    [Fact]
    public async Task A_few_large_resources_are_loaded_like_many_small_ones()
    {
        await using var fixture = await NewAsync(cluster);
        var padding = new string('x', 300_000);
        var outcomes = await WriteAsync(fixture, Enumerable.Range(0, 6).Select(n =>
        {
            var small = Put(Observation, $"o-{n}", n);
            var body = small.Content!.Body;
            ReadOnlyMemory<byte> tail = Encoding.UTF8.GetBytes($$"""},"note":"{{n}} {{padding}}"}""");
            var digest = new Guid(SHA256.HashData([.. body.Head.Span, .. tail.Span]).AsSpan(0, 16), bigEndian: true);
            return small with { Content = small.Content with { Body = new BodyTemplate(body.Head, tail, digest) } };
        }));
        Assert.All(outcomes, outcome => Assert.True(outcome is WriteOutcome.Appended { Version: 1, IsNew: true }));
        await AssertCleanAsync(fixture, 6);
    }

    [Fact]
    public async Task The_tables_of_one_type_are_made_while_those_of_another_are()
    {
        await using var fixture = await NewAsync(cluster);
        await using var other = new NpgsqlConnection(fixture.Database.ConnectionString);
        await other.OpenAsync();
        await using var making = await other.BeginTransactionAsync();
        await using (var lockOne = new NpgsqlCommand(ProjectionCatalog.LockOne, other))
        {
            lockOne.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Patient.Number });
            await lockOne.ExecuteNonQueryAsync();
        }
        var patients = WriteAsync(fixture, Enumerable.Range(0, 300).Select(n => Put(Patient, $"p-{n}", n)));
        await WriteAsync(fixture, [Put(Observation, "o-1", 1)]);
        Assert.False(patients.IsCompleted);
        await making.CommitAsync();
        await patients;
        await AssertCleanAsync(fixture, 301);
    }

    [Fact]
    public async Task A_second_load_writes_nothing()
    {
        await using var fixture = await NewAsync(cluster);
        var commands = Enumerable.Range(0, 300).Select(n => Put(Observation, $"o-{n}", n)).ToList();
        await WriteAsync(fixture, commands);
        var streams = await fixture.ScalarAsync<long>("select count(*) from es.stream");
        Assert.All(await WriteAsync(fixture, commands), outcome => Assert.IsType<WriteOutcome.Unchanged>(outcome));
        Assert.Equal(300, await fixture.ScalarAsync<long>("select count(*) from es.event"));
        Assert.Equal(streams, await fixture.ScalarAsync<long>("select count(*) from es.stream"));
    }

    [Fact]
    public async Task Loads_and_single_writes_of_the_same_keys_at_once_lose_nothing()
    {
        await using var fixture = await NewAsync(cluster, new StoreOptions { Lanes = 2, LargeLanes = 2 });
        // Another process on the same database: no queue keeps its writes apart from ours.
        await using var other = new ResourceStore(fixture.Database, Release.R4, LayoutOf, new StoreOptions { NewTables = NewTables.IndexedLater });
        using var stop = new CancellationTokenSource();
        var written = 0;
        var online = Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            for (var n = writer; !stop.IsCancellationRequested || Volatile.Read(ref written) <= 10; n += 7)
            {
                var command = Put(n % 3 == 0 ? Patient : Observation, n % 2 == 0 ? $"subject-{n % 5}" : $"o-{n * 31 % 2_400}", n);
                var outcome = await fixture.WriteAsync(command);
                Assert.IsNotType<WriteOutcome.Refused>(outcome);
                if (outcome is WriteOutcome.Appended) Interlocked.Increment(ref written);
            }
        })).ToList();
        var loads = Enumerable.Range(0, 8).Select(part => Task.Run(async () =>
        {
            // Halves overlap, and each type refers to the other.
            var commands = Enumerable.Range(part * 200, 500).Select(n => Put(n % 5 == 0 ? Patient : Observation, $"o-{n}", n))
                .Concat(part == 5 ? Enumerable.Range(0, 5).Select(n => Put(Patient, $"subject-{n}", n)) : []);
            var outcomes = await (part % 2 == 0 ? fixture.Store : other).WriteAsync(new WriteGroup([.. commands], Provenance.None), default);
            Assert.DoesNotContain(outcomes, outcome => outcome is WriteOutcome.Refused);
        })).ToList();
        await Task.WhenAll(loads);
        await stop.CancelAsync();
        await Task.WhenAll(online);
        await new PendingIndexes(fixture.Database, Release.R4, LayoutOf).CompleteAsync(default);
        Assert.Empty((await new Verification(fixture.Database, Rules).RunAsync(null, default)).Differences);
        Assert.Equal(0, await fixture.ScalarAsync<long>(
            "select count(*) from generate_series(0, 1899) n where not exists (select from es.stream s where s.version > 0 and s.id = 'o-' || n)"));
    }

    [Fact]
    public async Task Indexes_that_were_put_off_are_made_once_by_whoever_comes()
    {
        const string Indexes = "select count(*) from pg_indexes where schemaname = 'fhir'";
        await using var indexed = await NewAsync(cluster);
        await WriteAsync(indexed, Enumerable.Range(0, 100).Select(n => Put(n % 2 == 0 ? Patient : Observation, $"o-{n}", n)));
        await using var fixture = await NewAsync(cluster, new StoreOptions { NewTables = NewTables.IndexedLater });
        await WriteAsync(fixture, Enumerable.Range(0, 300).Select(n => Put(n % 2 == 0 ? Patient : Observation, $"o-{n}", n)));
        Assert.True(await fixture.ScalarAsync<long>(Indexes) < await indexed.ScalarAsync<long>(Indexes));
        await AssertCleanAsync(fixture, 300);
        var pending = new PendingIndexes(fixture.Database, Release.R4, LayoutOf);
        await Task.WhenAll(pending.CompleteAsync(default), pending.CompleteAsync(default));
        await pending.CompleteAsync(default);
        Assert.Equal(await indexed.ScalarAsync<long>(Indexes), await fixture.ScalarAsync<long>(Indexes));
        Assert.Equal(0, await fixture.ScalarAsync<long>("select count(*) from fhir.layout where not indexed"));
        await fixture.WriteAsync(Put(Observation, "o-1", 7));
        await AssertCleanAsync(fixture, 300);
    }

    [Fact]
    public async Task A_server_makes_the_indexes_that_an_import_left_but_none_under_one()
    {
        const string Pending = "select count(*) from fhir.layout where not indexed";
        await using var fixture = await NewAsync(cluster, new StoreOptions { NewTables = NewTables.IndexedLater });
        await WriteAsync(fixture, Enumerable.Range(0, 200).Select(n => Put(n % 2 == 0 ? Patient : Observation, $"o-{n}", n)));
        var pending = new PendingIndexes(fixture.Database, Release.R4, LayoutOf);
        var first = await ImportMark.SetAsync(fixture.Database, default);
        await using (await ImportMark.SetAsync(fixture.Database, default))
        {
            await first.DisposeAsync();
            await pending.CompleteAbandonedAsync(default);
            Assert.True(await fixture.ScalarAsync<long>(Pending) > 0);
        }
        await pending.CompleteAbandonedAsync(default);
        Assert.Equal(0, await fixture.ScalarAsync<long>(Pending));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("0.00")]
    [InlineData("-1.5")]
    [InlineData("4.20")]
    [InlineData("10000")]
    [InlineData("9999.9999")]
    [InlineData("0.0001")]
    [InlineData("-0.00001")]
    [InlineData("120000000.00050")]
    [InlineData("123456789.123456789")]
    [InlineData("0.0000000000000000000000000001")]
    [InlineData("79228162514264337593543950335")]
    [InlineData("-7.9228162514264337593543950335")]
    public async Task A_decimal_is_copied_to_the_digit(string value)
    {
        await using var connection = new NpgsqlConnection(cluster.Postgres.ConnectionString);
        await connection.OpenAsync();
        await RunAsync("create temporary table copied (value numeric)");
        var rows = new CopyRows();
        rows.Clear();
        rows.StartRow(1);
        rows.Add(decimal.Parse(value, CultureInfo.InvariantCulture));
        await rows.SendAsync(connection, "copy copied from stdin (format binary)", default);
        Assert.Equal(value, await RunAsync("select value::text from copied"));

        async Task<object?> RunAsync(string sql)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            return await command.ExecuteScalarAsync();
        }
    }

    private static Task<ImmutableArray<WriteOutcome>> WriteAsync(StoreFixture fixture, IEnumerable<WriteCommand> commands) =>
        fixture.Store.WriteAsync(new WriteGroup([.. commands], new Provenance("Practitioner/house", "test", "because", "c-1")), default);

    private static async Task AssertCleanAsync(StoreFixture fixture, long resources)
    {
        var report = await new Verification(fixture.Database, Rules).RunAsync(null, default);
        Assert.Empty(report.Differences);
        Assert.Equal(resources, report.Resources);
    }
}
