using EventFhir.Core.Events;
using EventFhir.Model.Elements;
using EventFhir.Postgres.Parameters;
using EventFhir.Postgres.Reindexing;
using EventFhir.Postgres.Search;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>$reindex: search rows made anew where they are, as jobs that any node can go on with.</summary>
public sealed class RenewingRows(TestCluster cluster)
{
    private const string PastRows = "select (select count(*) from fhir_past.x_patient) + (select count(*) from fhir_past.str_patient) + (select count(*) from fhir_past.ident_patient)";

    /// <summary>What nobody should do to a database, and everybody some day does.</summary>
    private static readonly string[] Damages =
    [
        "delete from fhir.str_patient where normalized = 'fam7'", "insert into fhir.str_patient select * from fhir.str_patient where normalized like 'fam1%'",
        "update fhir.str_patient set normalized = 'nobody' where normalized = 'fam9'", "update fhir.x_patient set terms = '{1}' where rid % 5 = 0", "delete from fhir.x_patient where rid % 7 = 0",
        "delete from fhir.ident_patient where rid % 3 = 0", "insert into fhir.ident_patient select 5, s.rid from es.stream s where s.deleted or s.version = 0", "insert into fhir.str_patient values (5, 'x', 'x', 1000000)",
        "update fhir.x_patient set since = '3' where rid % 11 = 0", "delete from fhir.lex_patient",
    ];

    [Fact]
    public async Task Whatever_happened_to_the_rows_of_live_resources_is_put_right_and_nothing_is_added_to_the_past()
    {
        await using var node = await Node.NewAsync(cluster);
        await node.WriteAsync([.. Enumerable.Range(0, 700).Select(number => Patient(number, number))]);
        await node.WriteAsync([.. Enumerable.Range(0, 50).Select(number => Patient(number, number + 1))]);
        for (var number = 60; number < 70; number++) await node.DeleteAsync($"p{number}");
        var past = await node.CountAsync(PastRows);
        var first = (await node.Reader.ReadAsync(node.Parse("gender=male") with { Result = Page(node, 100) }, null, default)).Value;
        var ids = await AllAsync(node, first);
        foreach (var damage in Damages) await node.RunAsync(damage);
        Assert.NotEmpty((await node.VerifyAsync()).Differences);

        var job = (await node.Reindexing.Jobs.StartAsync(Core.Search.SearchDefinitions.R4.Release.ResourceTypes, default)).Value;
        while (await node.Reindexing.StepAsync(default) is not StepOutcome.Idle) { }
        Assert.Empty((await node.VerifyAsync()).Differences);
        Assert.Equal(past, await node.CountAsync(PastRows));
        Assert.Equal(690, (await node.SearchAsync("gender=male")).Length);
        Assert.Equal(ids, await AllAsync(node, first));
        var done = Assert.Single(await node.Reindexing.Jobs.ReadAsync(default));
        Assert.Equal((job.Id, ReindexState.Done, 690, 690), (done.Id, done.State, done.Done, done.Total));
    }

    [Fact]
    public async Task One_resource_is_put_right_at_once()
    {
        await using var node = await Node.NewAsync(cluster);
        await node.WriteAsync([Patient(1, 7), Patient(2, 8)]);
        await node.RunAsync("delete from fhir.str_patient");
        Assert.True(await node.Reindexing.RenewAsync(Key("p1"), default));
        Assert.Equal(["p1"], await node.SearchAsync("family=fam"));
        Assert.False(await node.Reindexing.RenewAsync(Key("p3"), default));
    }

    /// <summary>Writers change what is gone through, and the set of parameters changes on the way.</summary>
    [Fact]
    public async Task A_node_goes_on_where_another_ended_while_others_write()
    {
        await using var one = await Node.NewAsync(cluster);
        await one.WriteAsync([.. Enumerable.Range(0, 1_200).Select(number => Patient(number, number))]);
        await one.Reindexing.Jobs.StartAsync([Node.PatientType], default);
        Assert.Equal(StepOutcome.Worked, await one.Reindexing.StepAsync(default));
        Assert.Equal(500, (await one.Reindexing.Jobs.ReadAsync(default))[0].Done);

        await using var next = await Node.JoinAsync(one);
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 3).Select(seed => Task.Run(() => ChangeAsync(seed == 0 ? one : next, seed, stop.Token))).ToList();
        await one.WriteAsync([SearchFixture.Read("""
            {"resourceType":"SearchParameter","id":"kin","url":"http://example.org/kin","name":"Kin","status":"active","description":"x","code":"kin",
             "base":["Patient"],"type":"string","expression":"Patient.name.family"}
            """)]);
        await one.FinishAsync();
        // It still extracts without the new parameter, and must not take its rows away.
        while (await next.Reindexing.StepAsync(default) is not StepOutcome.Idle) { }
        await stop.CancelAsync();
        await Task.WhenAll(writers);
        Assert.Equal(ReindexState.Done, (await one.Reindexing.Jobs.ReadAsync(default))[0].State);
        await one.Registry.ReloadAsync(default);
        Assert.Empty((await one.VerifyAsync()).Differences);
        Assert.Equal(await one.MatchAsync("kin=fam12"), await one.SearchAsync("kin=fam12"));
    }

    private static async Task ChangeAsync(Node node, int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        while (!stop.IsCancellationRequested) await node.WriteAsync([Patient(random.Next(1_300), random.Next(1_000))]);
    }

    private static Core.Search.ResultShape Page(Node node, int count) => node.Parse("gender=male").Result with { Count = count };

    private static async Task<List<string>> AllAsync(Node node, SearchPage first)
    {
        var ids = new List<string>();
        for (var page = first; ; page = (await node.Reader.ReadAsync(node.Parse("gender=male") with { Result = Page(node, 100) }, page.Next, default)).Value)
        {
            ids.AddRange(page.Matches.Select(match => match.Key.Id.Value));
            if (page.Next is null) return ids;
        }
    }

    private static ResourceKey Key(string id) => ResourceId.TryParse(id, out var parsed) ? new ResourceKey(Node.PatientType, parsed) : default;

    private static Resource Patient(int id, int family) => SearchFixture.Read(
        $$$"""
        {"resourceType":"Patient","id":"p{{{id}}}","identifier":[{"value":"i{{{id}}}"}],"name":[{"family":"fam{{{family}}}"}],"gender":"male","maritalStatus":{"text":"state {{{family % 10}}}"},
         "generalPractitioner":[{"reference":"Practitioner/d{{{family}}}"}],"contact":[{"name":{"family":"Ohm"}}]}
        """);
}
