using System.Text.Json;

using EventFhir.Model.Definitions;
using EventFhir.Tests;

using Npgsql;

using Xunit;

namespace EventFhir.PostgresTests.Proof;

/// <summary>The statements that Marten 9 sends, on the views of the schema marten: columns, types, order, and no scan of what is large.</summary>
public sealed class ReadingLikeMarten(TestCluster cluster)
{
    private const string Columns =
        "d.data, d.type, d.mt_dotnet_type, d.bdata, d.seq_id, d.id, d.stream_id, d.version, d.timestamp, d.tenant_id, d.correlation_id, d.causation_id, d.headers, d.user_name, d.is_archived";

    private const string Stream = $"select {Columns} from marten.mt_events as d where d.is_archived = FALSE and d.stream_id = $1 order by d.seq_id";

    private const string Page =
        $"select {Columns}, s.type as stream_type from marten.mt_events as d inner join marten.mt_streams as s on d.stream_id = s.id where d.seq_id > $1 and d.seq_id <= $2 and d.type = ANY($3) order by d.seq_id limit 100";

    [Fact]
    public async Task A_stream_is_its_versions_in_order_and_every_column_has_its_type()
    {
        await using var fixture = await ProofFixture.FilledAsync(cluster);
        await using var database = NpgsqlDataSource.Create(fixture.Store.Database.ConnectionString);
        await using var command = database.CreateCommand(Stream);
        command.Parameters.AddWithValue("Patient/r-1");
        await using var row = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var (types, positions) = (new List<string>(), new List<long>());
        while (await row.ReadAsync(TestContext.Current.CancellationToken))
        {
            using var data = JsonDocument.Parse(row.GetFieldValue<string>(0));
            Assert.Equal("r-1", data.RootElement.GetProperty("id").GetString());
            Assert.Equal("Patient", data.RootElement.GetProperty("resourceType").GetString());
            types.Add(row.GetFieldValue<string>(1));
            Assert.Equal("", row.GetFieldValue<string>(2));
            Assert.True(row.IsDBNull(3));
            positions.Add(row.GetFieldValue<long>(4));
            Assert.NotEqual(Guid.Empty, row.GetFieldValue<Guid>(5));
            Assert.Equal(("Patient/r-1", (long)types.Count), (row.GetFieldValue<string>(6), row.GetFieldValue<long>(7)));
            Assert.Equal(TimeSpan.Zero, row.GetFieldValue<DateTimeOffset>(8).Offset);
            Assert.Equal("*DEFAULT*", row.GetFieldValue<string>(9));
            Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(row.GetFieldValue<string>(12)).RootElement.ValueKind);
            Assert.False(row.GetFieldValue<bool>(14));
        }
        Assert.Equal(["fhir_resource_created", "fhir_resource_deleted", "fhir_resource_created"], types);
        Assert.Equal(positions.Order(), positions);
    }

    [Fact]
    public async Task A_page_of_the_daemon_is_dense_and_filtered_by_type()
    {
        await using var fixture = await ProofFixture.FilledAsync(cluster);
        await using var database = NpgsqlDataSource.Create(fixture.Store.Database.ConnectionString);
        string[] all = ["fhir_resource_created", "fhir_resource_updated", "fhir_resource_deleted", "fhir_resource_erased"];
        Assert.Equal(Enumerable.Range(1, 17).Select(n => (long)n), await PositionsAsync(all, 0, 17));
        Assert.Equal([4, 5, 6], await PositionsAsync(all, 3, 6));
        Assert.Equal([13, 14, 15], await PositionsAsync(["fhir_resource_updated"], 0, 17));

        async Task<List<long>> PositionsAsync(string[] types, long after, long upto)
        {
            await using var command = database.CreateCommand(Page);
            foreach (var value in (object[])[after, upto, types]) command.Parameters.AddWithValue(value);
            await using var row = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            var positions = new List<long>();
            while (await row.ReadAsync(TestContext.Current.CancellationToken)) positions.Add(row.GetInt64(4));
            return positions;
        }
    }

    [Fact]
    public async Task The_high_water_mark_is_read_and_written_and_no_gap_is_ever_seen()
    {
        await using var fixture = await ProofFixture.NewAsync(cluster);
        var store = fixture.Store;
        const string Sequence = "select case when is_called then last_value else last_value - 1 end from marten.mt_events_sequence";
        Assert.Equal((1, 0), (await store.ScalarAsync<long>("select last_value from marten.mt_events_sequence"), await store.ScalarAsync<long>(Sequence)));
        for (var n = 0; n < 4; n++) await store.WriteAsync(StoreFixture.Put(StoreFixture.Patient, "p", n));
        await fixture.SettleAsync();
        Assert.Equal(4, await store.ScalarAsync<long>(Sequence));
        const string Gaps =
            "select (select min(seq_id) from marten.mt_events where seq_id > 0)::text || coalesce((select seq_id from (select seq_id, lead(seq_id) over (order by seq_id) as next_seq "
            + "from marten.mt_events where seq_id >= 0) gaps where next_seq is not null and next_seq - seq_id > 1 order by seq_id limit 1)::text, '-') || (select max(seq_id) from marten.mt_events where seq_id >= 0)";
        Assert.Equal("1-4", await store.ScalarAsync<string>(Gaps));

        await store.ExecuteAsync("select marten.mt_mark_event_progression('HighWaterMark', 3); select marten.mt_mark_event_progression('HighWaterMark', 4)");
        Assert.Equal(4, await store.ScalarAsync<long>("select last_seq_id from marten.mt_event_progression where name = 'HighWaterMark'"));
        Assert.Equal(4, await store.ScalarAsync<long>("select marten.mt_mark_progression_with_skip('HighWaterMark', 9, 3)"));
        Assert.Equal(9, await store.ScalarAsync<long>("select marten.mt_mark_progression_with_skip('HighWaterMark', 9, 4)"));
        Assert.Equal(2, await store.ScalarAsync<long>("select marten.mt_mark_progression_with_skip('Other:All', 2, 1)"));
        Assert.Equal(2, await store.ScalarAsync<long>("select count(*) from marten.mt_high_water_skips"));
    }

    [Fact]
    public async Task The_state_of_a_stream_is_its_head()
    {
        await using var fixture = await ProofFixture.FilledAsync(cluster);
        Assert.Equal("Observation/r-0 3 Observation f", await fixture.Store.ScalarAsync<string>(
            "select id || ' ' || version || ' ' || type || ' ' || substr(is_archived::text, 1, 1) from marten.mt_streams where id = 'Observation/r-0' and created < timestamp"));
    }

    [Fact]
    public async Task Every_resource_type_has_its_name()
    {
        await using var fixture = await StoreFixture.NewAsync(cluster);
        foreach (var type in Release.R4.ResourceTypes)
            Assert.Equal(type.Name + "/x", await fixture.ScalarAsync<string>($"select es.stream_name({type.Number}::smallint, 'x')"));
    }

    [Fact]
    public async Task With_the_index_of_the_guide_nothing_large_is_scanned()
    {
        // Made before there are rows: over rows that have been updated, PostgreSQL does not use a new index until every transaction of the cluster that
        // is older than it has ended, and other tests have theirs.
        await using var fixture = await ProofFixture.FilledAsync(cluster, "create index stream_of_marten on es.stream ((es.stream_name(type, id)::varchar))");
        foreach (var statement in (string[])[Stream.Replace("$1", "'Patient/r-1'", StringComparison.Ordinal), Page.Replace("$1", "3", StringComparison.Ordinal)
            .Replace("$2", "6", StringComparison.Ordinal).Replace("$3", "'{fhir_resource_created}'", StringComparison.Ordinal),
            "select max(seq_id) from marten.mt_events where seq_id >= 5"])
        {
            // The tables of a test are so small that a scan would be right; what counts is that there is a way without.
            var plan = await PlanAsync(fixture.Store, $"set enable_seqscan = off; explain {statement}");
            Assert.DoesNotContain("Seq Scan", plan, StringComparison.Ordinal);
            Assert.Contains("feed", plan, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_views_cannot_be_written()
    {
        await using var fixture = await ProofFixture.FilledAsync(cluster);
        foreach (var statement in (string[])["delete from marten.mt_events", "update marten.mt_events set is_archived = true", "insert into marten.mt_events (seq_id) values (1)"])
            await Assert.ThrowsAsync<PostgresException>(() => fixture.Store.ExecuteAsync(statement));
    }

    private static async Task<string> PlanAsync(StoreFixture store, string statement)
    {
        await using var connection = new NpgsqlConnection(store.Database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(statement, connection);
        await using var row = await command.ExecuteReaderAsync();
        var plan = new List<string>();
        while (await row.ReadAsync()) plan.Add(row.GetString(0));
        return string.Join('\n', plan);
    }
}
