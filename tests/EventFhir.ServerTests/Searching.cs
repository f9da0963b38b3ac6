using System.Text.Json.Nodes;

using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>GET [base]/[type]?… and its relatives (R4 http.html#search).</summary>
public sealed class Searching(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task A_write_is_found_when_its_answer_has_arrived()
    {
        var (family, id) = (Family(), Sample.Id());
        var stored = await server.PutAsync($"Patient/{id}", Sample.Patient(id, family));
        var bundle = await SearchAsync($"Patient?family={family}");
        Assert.Equal("searchset", (string?)bundle["type"]);
        Assert.Equal(1, (int)bundle["total"]!);
        var entry = Assert.Single(bundle["entry"]!.AsArray())!;
        Assert.Equal($"{server.Http.BaseAddress}Patient/{id}", (string?)entry["fullUrl"]);
        Assert.Equal("match", (string?)entry["search"]!["mode"]);
        Assert.Equal(stored.Json.ToJsonString(), entry["resource"]!.ToJsonString());

        await server.PutAsync($"Patient/{id}", Sample.Patient(id, family + "x"));
        Assert.Empty(await IdsAsync($"Patient?family:exact={family}"));
        await server.DeleteAsync($"Patient/{id}");
        Assert.Empty(await IdsAsync($"Patient?_id={id}"));
    }

    [Fact]
    public async Task Post_and_get_are_one_search()
    {
        var (family, id) = (Family(), Sample.Id());
        await server.PutAsync($"Patient/{id}", Sample.Patient(id, family));
        var posted = await server.SendAsync(
            "POST", "Patient/_search?birthdate=1990", $"family={family}", "Content-Type: application/x-www-form-urlencoded");
        Assert.Equal(id, (string?)Assert.Single(posted.Json["entry"]!.AsArray())!["resource"]!["id"]);
        Assert.EndsWith($"Patient?birthdate=1990&family={family}", Link(posted.Json, "self"), StringComparison.Ordinal);
        (await server.SendAsync("POST", "Patient/_search", "{}", "Content-Type: application/json")).IsRefused(415);
    }

    [Fact]
    public async Task Chains_has_and_includes_follow_references()
    {
        var (family, patient, observation) = (Family(), Sample.Id(), Sample.Id());
        await server.PutAsync($"Patient/{patient}", Sample.Patient(patient, family));
        await server.PutAsync($"Observation/{observation}", Observation(observation, patient));
        Assert.Equal([observation], await IdsAsync($"Observation?subject:Patient.family={family}"));
        Assert.Equal([patient], await IdsAsync($"Patient?family={family}&_has:Observation:patient:code=http://loinc.org|8867-4"));
        var bundle = await SearchAsync($"Observation?_id={observation}&_include=Observation:subject");
        Assert.Equal([("match", observation), ("include", patient)], Entries(bundle));
        bundle = await SearchAsync($"Patient?_id={patient}&_revinclude=Observation:subject");
        Assert.Equal([("match", patient), ("include", observation)], Entries(bundle));
    }

    [Fact]
    public async Task A_compartment_holds_what_points_to_its_resource()
    {
        var (patient, observation) = (Sample.Id(), Sample.Id());
        await server.PutAsync($"Patient/{patient}", Sample.Patient(patient));
        await server.PutAsync($"Observation/{observation}", Observation(observation, patient));
        Assert.Equal([observation], await IdsAsync($"Patient/{patient}/Observation?status=final"));
        Assert.Equal([observation], await IdsAsync($"Patient/{patient}/*"));
        (await server.GetAsync($"Patient/{patient}/Questionnaire")).IsRefused(404);
        (await server.GetAsync($"Observation/{observation}/Patient")).IsRefused(404);
    }

    [Fact]
    public async Task A_system_search_may_name_its_types()
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        await server.PutAsync($"Observation/{id}", Sample.Observation(id));
        Assert.Equal([id, id], await IdsAsync($"?_type=Patient,Observation&_id={id}"));
        Assert.Equal([id, id], await IdsAsync($"?_id={id}"));
        (await server.GetAsync("?name=x")).IsRefused(400);
    }

    [Fact]
    public async Task Pages_lead_through_all_matches_in_order()
    {
        var family = Family();
        var ids = new List<string>();
        foreach (var number in Enumerable.Range(0, 12))
        {
            var id = Sample.Id();
            ids.Add(id);
            await server.PutAsync($"Patient/{id}", Sample.Patient(id, $"{family}{number % 3}"));
        }
        var bundle = await SearchAsync($"Patient?family={family}&_sort=-family,_id&_count=5");
        Assert.Equal(12, (int)bundle["total"]!);
        Assert.Null(Link(bundle, "previous"));
        Assert.Equal(Link(bundle, "self"), Link(bundle, "first"));
        var pages = new List<List<string>> { Entries(bundle).Select(entry => entry.Id).ToList() };
        // Whoever comes or goes now is not among the pages of a search that has begun.
        await server.PutAsync($"Patient/{ids[0]}", Sample.Patient(ids[0], "Elsewhere"));
        await server.DeleteAsync($"Patient/{ids[1]}");
        var late = Sample.Id();
        await server.PutAsync($"Patient/{late}", Sample.Patient(late, $"{family}9"));
        while (Link(bundle, "next") is { } next)
        {
            bundle = await SearchAsync(next);
            pages.Add(Entries(bundle).Select(entry => entry.Id).ToList());
        }
        for (var page = pages.Count - 2; page >= 0; page--)
        {
            bundle = await SearchAsync(Link(bundle, "previous")!);
            Assert.Equal(pages[page], Entries(bundle).Select(entry => entry.Id));
        }
        Assert.Null(Link(bundle, "previous"));
        var found = pages.SelectMany(page => page);
        var expected = ids.Select((id, number) => (id, number: number % 3)).OrderByDescending(each => each.number).ThenBy(each => each.id, StringComparer.Ordinal);
        Assert.Equal(expected.Select(each => each.id), found);
    }

    [Theory]
    [InlineData("Patient?name:exact=%00")]
    [InlineData("Patient?identifier=a|%00")]
    [InlineData("ValueSet?url=%00")]
    [InlineData("ValueSet?url:below=http://%00")]
    [InlineData("Observation?subject:Patient.name:exact=a%00")]
    [InlineData("Patient?_has:Observation:subject:status=%00")]
    public async Task A_NUL_is_refused_before_the_database_sees_it(string url) => (await server.GetAsync(url)).IsRefused(400);

    [Fact]
    public async Task A_posted_search_with_an_unknown_encoding_is_415() =>
        (await server.PostAsync("Patient/_search", "garbled", "Content-Type: application/x-www-form-urlencoded", "Content-Encoding: compress")).IsRefused(415);

    [Fact]
    public async Task A_form_may_name_the_format()
    {
        var pretty = await server.PostAsync("Patient/_search", "_count=1&_format=json&_pretty=true", "Content-Type: application/x-www-form-urlencoded", "Accept: text/html");
        Assert.Equal(200, pretty.Status);
        Assert.Contains('\n', pretty.Text);
        Assert.Contains("_format=json&_pretty=true&_count=1", Link(pretty.Json, "self"), StringComparison.Ordinal);
        (await server.PostAsync("Patient/_search", "_format=application/fhir%2Bturtle", "Content-Type: application/x-www-form-urlencoded")).IsRefused(406);
    }

    [Fact]
    public async Task The_pages_of_a_search_with_a_thousand_long_values_can_be_followed()
    {
        var values = Enumerable.Range(0, 1_000).Select(_ => $"http://e|{Guid.NewGuid():N}{Guid.NewGuid():N}"[..64]).ToList();
        foreach (var value in values.Take(3))
        {
            var id = Sample.Id();
            var (system, code) = (value[..8], value[9..]);
            await server.PutAsync($"Patient/{id}", $$"""{"resourceType":"Patient","id":"{{id}}","identifier":[{"system":"{{system}}","value":"{{code}}"}]}""");
        }
        var form = $"_count=1&identifier={Uri.EscapeDataString(string.Join(',', values))}";
        var bundle = (await server.PostAsync("Patient/_search", form, "Content-Type: application/x-www-form-urlencoded")).Json;
        var found = new List<string>();
        while (true)
        {
            found.AddRange(bundle["entry"]!.AsArray().Select(entry => (string)entry!["fullUrl"]!));
            if (bundle["link"]!.AsArray().FirstOrDefault(link => (string?)link!["relation"] == "next") is not { } next) break;
            bundle = (await server.GetAsync((string)next["url"]!)).Json;
        }
        Assert.Equal(3, found.Distinct().Count());
    }

    [Fact]
    public async Task A_page_link_cannot_be_changed() => (await server.GetAsync("Patient?_page=AAAAAAAAAAAAAAAAAAAAAAAA")).IsRefused(400);

    [Theory]
    [InlineData("Patient?colour=red")]
    [InlineData("Patient?_filter=name eq")]
    [InlineData("Patient?_filter=gender in http://example.org/vs")]
    [InlineData("Patient?name:above=x")]
    [InlineData("Patient?gender:in=http://example.org/vs")]
    [InlineData("Patient?_contained=true&_sort=_id")]
    [InlineData("Location?near=north")]
    public async Task What_is_not_supported_is_refused(string url) => (await server.GetAsync(url)).IsRefused(400);

    [Fact]
    public async Task Lenient_handling_ignores_unknown_parameters_and_says_so_in_the_self_link()
    {
        var bundle = (await server.GetAsync("Patient?colour=red&_count=1", "Prefer: handling=lenient")).Json;
        Assert.EndsWith("Patient?_count=1", Link(bundle, "self"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_summary_is_cut_and_tagged()
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", $$$"""{"resourceType":"Patient","id":"{{{id}}}","gender":"male","maritalStatus":{"text":"x"}}""");
        var summary = (await SearchAsync($"Patient?_id={id}&_summary=true"))["entry"]![0]!["resource"]!;
        Assert.Equal("male", (string?)summary["gender"]);
        Assert.Null(summary["maritalStatus"]);
        Assert.Equal("SUBSETTED", (string?)summary["meta"]!["tag"]![0]!["code"]);
        var elements = (await SearchAsync($"Patient?_id={id}&_elements=maritalStatus"))["entry"]![0]!["resource"]!;
        Assert.Null(elements["gender"]);
        Assert.NotNull(elements["maritalStatus"]);
        var count = await SearchAsync($"Patient?_id={id}&_summary=count");
        Assert.Equal((1, true), ((int)count["total"]!, count["entry"] is null));
    }

    /// <summary>The example of R4 search.html#elements: what is named, and what is mandatory or changes the meaning of the rest.</summary>
    [Fact]
    public async Task Elements_are_those_asked_for_and_those_that_may_not_be_left_out()
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", $$$"""
            {"resourceType":"Patient","id":"{{{id}}}","identifier":[{"value":"x"}],"active":true,"name":[{"family":"x"}],"gender":"male","deceasedBoolean":false,
             "link":[{"other":{"reference":"Patient/other"},"type":"seealso"}]}
            """);
        var patient = (await SearchAsync($"Patient?_id={id}&_elements=identifier,active,link"))["entry"]![0]!["resource"]!.AsObject();
        Assert.Equal(["active", "deceasedBoolean", "id", "identifier", "link", "meta", "resourceType"], patient.Select(member => member.Key).Order(StringComparer.Ordinal));
        Assert.Equal("SUBSETTED", (string?)patient["meta"]!["tag"]![0]!["code"]);
    }

    [Fact]
    public async Task The_capability_statement_lists_what_works()
    {
        var statement = (await server.GetAsync("metadata")).Json;
        var patient = statement["rest"]![0]!["resource"]!.AsArray().Single(resource => (string?)resource!["type"] == "Patient")!;
        var names = patient["searchParam"]!.AsArray().Select(parameter => (string)parameter!["name"]!).ToList();
        Assert.Contains("family", names);
        Assert.Contains("_filter", names);
        foreach (var name in names)
        {
            var answer = await server.GetAsync(name switch
            {
                "_filter" => "Patient?_filter=_id pr true&_count=1",
                "_list" => "Patient?_list=none",
                "_text" or "_content" => $"Patient?{name}=none",
                _ => $"Patient?{name}:missing=false&_count=1",
            });
            Assert.Equal(200, answer.Status);
        }
        Assert.Contains("search-type", patient["interaction"]!.AsArray().Select(interaction => (string?)interaction!["code"]));
    }

    private async Task<JsonNode> SearchAsync(string url)
    {
        var answer = await server.GetAsync(url);
        Assert.True(answer.Status == 200, answer.Text);
        return answer.Json;
    }

    private async Task<IEnumerable<string>> IdsAsync(string url) => Entries(await SearchAsync(url)).Select(entry => entry.Id);

    private static IEnumerable<(string Mode, string Id)> Entries(JsonNode bundle) =>
        bundle["entry"]?.AsArray().Select(entry => ((string)entry!["search"]!["mode"]!, (string)entry["resource"]!["id"]!)) ?? [];

    private static string? Link(JsonNode bundle, string relation) =>
        (string?)bundle["link"]!.AsArray().FirstOrDefault(link => (string?)link!["relation"] == relation)?["url"];

    private static string Family() => "F" + Guid.NewGuid().ToString("N")[..12];

    private static string Observation(string id, string patient) =>
        $$$"""
        {"resourceType":"Observation","id":"{{{id}}}","status":"final","subject":{"reference":"Patient/{{{patient}}}"},
         "code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},"valueQuantity":{"value":70,"unit":"/min"}}
        """;
}
