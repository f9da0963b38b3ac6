using EventFhir.Model.Elements;
using EventFhir.Postgres.Parameters;
using EventFhir.Postgres.Replay;
using EventFhir.Postgres.Search;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.PostgresTests.Search;

/// <summary>Custom search parameters on several nodes of one database, with writers that know nothing of them (decision 7).</summary>
public sealed class CustomParameters(TestCluster cluster)
{
    private const string Family = "Patient.contact.name.family";
    private const string Given = "Patient.contact.name.given";

    [Fact]
    public async Task Answers_are_those_of_the_matcher_whatever_was_written_while_the_parameter_was_indexed()
    {
        await using var one = await Node.NewAsync(cluster);
        await using var other = await Node.JoinAsync(one);
        await Task.WhenAll(Enumerable.Range(0, 1_200).Chunk(300).Select(ids => one.WriteAsync([.. ids.Select(id => Patient(id, $"Ohm{id % 7}"))])));
        await one.WriteAsync([Definition(Family)]);
        await one.Registry.RefreshAsync(default);
        Assert.NotNull(one.Definitions.FindUnderway(Node.PatientType, "kin"));

        // The other node is never told: its writes are turned back until it has looked.
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 4).Select(number => Task.Run(() => ChangeAsync(number % 2 == 0 ? one : other, number, stop.Token))).ToList();
        Assert.Equal(StepOutcome.Worked, await one.Walk.StepAsync(default));
        Assert.Empty((await one.VerifyAsync()).Differences);
        while (await other.Walk.StepAsync(default) is not StepOutcome.Idle || await one.Walk.StepAsync(default) is not StepOutcome.Idle)
            await other.Registry.ReloadAsync(default);
        await stop.CancelAsync();
        await Task.WhenAll(writers);

        await one.Registry.ReloadAsync(default);
        await other.Registry.ReloadAsync(default);
        Assert.Empty((await one.VerifyAsync()).Differences);
        foreach (var name in Enumerable.Range(0, 7).Select(number => $"ohm{number}").Append("volt"))
            Assert.Equal(await one.MatchAsync($"kin={name}"), await other.SearchAsync($"kin={name}"));
    }

    [Fact]
    public async Task A_node_that_ends_half_way_leaves_the_rest_to_the_next()
    {
        await using var one = await Node.NewAsync(cluster);
        await one.WriteAsync([.. Enumerable.Range(0, 600).Select(id => Patient(id, "Ohm"))]);
        await one.WriteAsync([Definition(Family)]);
        await one.Registry.RefreshAsync(default);
        Assert.Equal(StepOutcome.Worked, await one.Walk.StepAsync(default));

        await using var next = await Node.JoinAsync(one);
        await next.Registry.RefreshAsync(default);
        Assert.Equal(500, next.Definitions.FindUnderway(Node.PatientType, "kin")!.Progress.Done);
        await next.FinishAsync();
        Assert.Equal(600, (await next.SearchAsync("kin=ohm")).Length);
    }

    [Fact]
    public async Task Nothing_of_a_dropped_definition_is_found_by_the_next_one_and_no_search_sees_it_go()
    {
        await using var one = await Node.NewAsync(cluster);
        await using var other = await Node.JoinAsync(one);
        await one.WriteAsync([.. Enumerable.Range(0, 700).Select(id => Patient(id, "Ohm", "Georg"))]);
        await one.WriteAsync([Definition(Family)]);
        await one.FinishAsync();
        await other.Registry.RefreshAsync(default);
        Assert.Equal(700, (await other.SearchAsync("kin=ohm")).Length);

        await one.WriteAsync([Definition(Given)]);
        await one.Registry.RefreshAsync(default);
        // The other node still believes it to be usable, and must not answer from rows that may be going.
        var stale = await other.Reader.ReadAsync(other.Parse("kin=ohm"), null, default);
        Assert.Same(SearchReader.Stale, stale.Refusal);
        Assert.Equal(StepOutcome.Worked, await one.Walk.StepAsync(default));
        Assert.Empty((await one.VerifyAsync()).Differences);
        await one.FinishAsync();
        Assert.Empty((await one.VerifyAsync()).Differences);
        Assert.Empty(await one.SearchAsync("kin=ohm"));
        Assert.Equal(700, (await one.SearchAsync("kin=georg")).Length);
        Assert.Equal(700, await one.CountAsync("select count(*) from fhir.str_patient where normalized = 'georg'"));
    }

    [Fact]
    public async Task A_rebuild_completes_what_is_being_indexed()
    {
        await using var one = await Node.NewAsync(cluster);
        await one.WriteAsync([.. Enumerable.Range(0, 600).Select(id => Patient(id, "Ohm"))]);
        await one.WriteAsync([Definition(Family)]);
        await one.Registry.RefreshAsync(default);
        await one.Walk.StepAsync(default);
        await new Rebuild(one.Database, one.Registry.Rules).RunAsync(null, default);
        await one.Registry.ReloadAsync(default);
        Assert.Equal(600, (await one.SearchAsync("kin=ohm")).Length);
        Assert.Empty((await one.VerifyAsync()).Differences);
    }

    private const string Relatives = """
        {"resourceType":"Patient","id":"mother","contact":[{"relationship":[{"text":"Mother-in-law","coding":[{"system":"http://kin","code":"MTHINLAW","display":"mother in law"}]}],
         "name":{"family":"Ohm"},"gender":"female","period":{"start":"2020-01-01","end":"2020-12-31"}},{"relationship":[{"coding":[{"system":"http://kin","code":"CHILD"}]}],"name":{"family":"Watt"},"gender":"male"}]}
        """;

    /// <summary>Each modifier of tokens, on concepts, identifiers and codes; and composites that end in each type.</summary>
    [Fact]
    public async Task Tokens_have_all_modifiers_and_composites_all_ends()
    {
        await using var node = await Node.NewAsync(cluster);
        await node.WriteAsync(
        [
            SearchFixture.Read(Relatives),
            SearchFixture.Read("""{"resourceType":"Patient","id":"inverse","contact":[{"relationship":[{"coding":[{"system":"http://kin","code":"CHILD"}]}],"name":{"family":"Ohm"},"gender":"female"},{"name":{"family":"Watt"},"gender":"male","period":{"start":"2020-02-01"}}]}"""),
            SearchFixture.Read("""{"resourceType":"Patient","id":"text","contact":[{"relationship":[{"text":"a friend of the mother"}],"name":{"family":"Volt"}}]}"""),
            SearchFixture.Read("""{"resourceType":"Patient","id":"typed","identifier":[{"system":"http://i","value":"77","type":{"text":"Record number","coding":[{"system":"http://t","code":"MR"}]}}],"multipleBirthInteger":3}"""),
            SearchFixture.Read("""{"resourceType":"Patient","id":"nobody"}"""),
            SearchFixture.Read("""{"resourceType":"CodeSystem","id":"kin","url":"http://kin","status":"active","content":"complete","concept":[{"code":"FAMILY","concept":[{"code":"CHILD"},{"code":"INLAW","concept":[{"code":"MTHINLAW"}]}]}]}"""),
            SearchFixture.Read("""{"resourceType":"ValueSet","id":"inlaws","url":"http://inlaws","status":"active","compose":{"include":[{"system":"http://kin","concept":[{"code":"MTHINLAW"},{"code":"INLAW"}]}]}}"""),
            Define("relation", "token", "Patient.contact.relationship"), Define("number", "token", "Patient.identifier"), Define("sex", "token", "Patient.contact.gender"),
            Define("sex-relation", "composite", "Patient.contact", ("individual-gender", "gender"), ("clinical-code", "relationship")),
            Define("sex-name", "composite", "Patient.contact", ("individual-gender", "gender"), ("Patient-name", "name.family")),
            Define("sex-period", "composite", "Patient.contact", ("individual-gender", "gender"), ("individual-birthdate", "period")),
            Define("number-birth", "composite", "Patient", ("Patient-identifier", "identifier"), ("RiskAssessment-probability", "multipleBirth.ofType(integer)")),
        ]);
        await node.FinishAsync();
        (string Query, string Ids)[] rows =
        [
            ("relation:text=mother", "mother text"), ("relation:text=in law", ""), ("relation:text=mother-in", "mother"), ("relation:code-text=mth", "mother"), ("relation:not=http://kin|CHILD", "nobody text typed"),
            ("relation:in=http://inlaws", "mother"), ("relation:in=ValueSet/inlaws", "mother"), ("relation:not-in=http://inlaws", "inverse nobody text typed"),
            ("relation:below=http://kin|INLAW", "mother"), ("relation:below=http://kin|FAMILY", "inverse mother"), ("relation:above=http://kin|CHILD", "inverse mother"),
            ("relation:missing=true", "nobody typed"), ("relation=http://kin|", "inverse mother"),
            ("number:of-type=http://t|MR|77", "typed"), ("number:of-type=http://t|XX|77", ""), ("number:text=record", "typed"), ("number=77", "typed"),
            ("sex:code-text=FEM", "inverse mother"), ("sex=male", "inverse mother"), ("sex:not=male", "nobody text typed"),
            ("_sort=-relation,_id", "mother inverse nobody text typed"), ("_sort=number,_id", "typed inverse mother nobody text"), ("_sort=relation,_id", "inverse mother nobody text typed"),
            ("sex-relation=female$http://kin|CHILD", "inverse"), ("sex-relation=male$CHILD", "mother"), ("sex-relation:missing=true", "nobody text typed"),
            ("sex-name=female$ohm", "inverse mother"), ("sex-name=male$ohm", ""), ("sex-period=female$2020", "mother"), ("sex-period=male$ge2021", "inverse"), ("sex-period:missing=false", "inverse mother"),
            ("number-birth=77$gt2", "typed"), ("number-birth=77$gt3", ""),
        ];
        foreach (var (query, ids) in rows)
        {
            Assert.Equal((query, ids), (query, string.Join(' ', await node.MatchAsync(query))));
            Assert.Equal((query, ids), (query, string.Join(' ', await node.SearchAsync(query))));
        }
        Assert.Empty((await node.VerifyAsync()).Differences);
        await node.WriteAsync([.. new[] { "relation", "number", "sex", "sex-relation", "sex-name", "sex-period", "number-birth" }.Select(code => Retired(code))]);
        await node.FinishAsync();
        Assert.Empty((await node.VerifyAsync()).Differences);
        Assert.Equal(0, await node.CountAsync("select count(*) from fhir.lex_patient where normalized like 'mth%'"));
    }

    [Fact]
    public async Task Lost_rows_of_past_versions_are_noticed_though_custom_parameters_came_and_went()
    {
        await using var node = await Node.NewAsync(cluster);
        await node.WriteAsync([Named("Ampere")]);
        await node.WriteAsync([Named("Volta"), Definition("Patient.name.family")]);
        await node.FinishAsync();
        await node.WriteAsync([Named("Ohm")]);
        Assert.Empty((await node.VerifyAsync()).Differences);
        await node.RunAsync("delete from fhir_past.str_patient where normalized = 'volta'");
        Assert.Equal("a row of fhir_past.str_patient is missing", (await node.VerifyAsync()).Differences[0].What);

        static Resource Named(string family) => SearchFixture.Read($$"""{"resourceType":"Patient","id":"named","name":[{"family":"{{family}}"}]}""");
    }

    private static Resource Retired(string code) => SearchFixture.Read(
        $$"""{"resourceType":"SearchParameter","id":"{{code}}","url":"http://example.org/{{code}}","name":"X","status":"retired","description":"x","code":"{{code}}","base":["Patient"],"type":"token","expression":"Patient.x"}""");

    private static Resource Define(string code, string type, string expression, params (string Definition, string Expression)[] components)
    {
        var parts = components.Select(part => $$"""{"definition":"http://hl7.org/fhir/SearchParameter/{{part.Definition}}","expression":"{{part.Expression}}"}""");
        return SearchFixture.Read(
            $$"""
            {"resourceType":"SearchParameter","id":"{{code}}","url":"http://example.org/{{code}}","name":"X","status":"active","description":"x","code":"{{code}}",
             "base":["Patient"],"type":"{{type}}","expression":"{{expression}}"{{(components.Length == 0 ? "" : $",\"component\":[{string.Join(',', parts)}]")}}}
            """);
    }

    private static async Task ChangeAsync(Node node, int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        while (!stop.IsCancellationRequested)
            await node.WriteAsync([Patient(random.Next(1_400), random.Next(3) == 0 ? "Volt" : $"Ohm{random.Next(7)}")]);
    }

    private static Resource Patient(int id, string family, string given = "X") => SearchFixture.Read(
        $$$"""{"resourceType":"Patient","id":"p{{{id}}}","contact":[{"name":{"family":"{{{family}}}","given":["{{{given}}}"]}}]}""");

    private static Resource Definition(string expression) => SearchFixture.Read($$"""
        {"resourceType":"SearchParameter","id":"kin","url":"http://example.org/kin","name":"Kin","status":"active","description":"x","code":"kin",
         "base":["Patient"],"type":"string","expression":"{{expression}}"}
        """);
}
