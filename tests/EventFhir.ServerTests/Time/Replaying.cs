using System.Text.Json.Nodes;

using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests.Time;

/// <summary>GET …/$replay and …/$diff: how a resource became what it is, who did it, and why.</summary>
public sealed class Replaying(RunningServer server) : IClassFixture<RunningServer>
{
    private const string Agent =
        """{"who":{"reference":"Practitioner/house"},"onBehalfOf":{"identifier":{"system":"urn:wards","value":"3"}}}""";

    private const string Reason = """{"text":"wrong by a day","coding":[{"system":"urn:purposes","code":"TREAT"},{"code":"a,b"}]}""";

    private const string By =
        $$"""X-Provenance: {"resourceType":"Provenance","recorded":"2020-01-01T00:00:00Z","agent":[{{Agent}}],"reason":[{{Reason}}]}""";

    [Fact]
    public async Task Each_version_tells_who_made_it_through_what_and_why()
    {
        var created = await server.PostAsync("Patient", Sample.Patient(), "User-Agent: ward-app/2", "X-Provenance-Reason: admitted");
        await server.PutAsync(
            $"Patient/{created.Id}", Sample.Patient(created.Id).Replace("1990-02-03", "1990-02-04", StringComparison.Ordinal),
            By, "X-Request-Id: request-7", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        await server.DeleteAsync($"Patient/{created.Id}");

        var versions = Versions(await server.GetAsync($"Patient/{created.Id}/$replay"));
        Assert.Equal(["created", "updated", "deleted"], versions.Select(version => Part(version, "change")));
        Assert.Equal(["1", "2", "3"], versions.Select(version => Part(version, "versionId")));
        Assert.Equal(("ward-app/2", "admitted", null), (Part(versions[0], "client"), Part(versions[0], "reason"), Part(versions[0], "actor")));
        Assert.Equal("Practitioner/house", Part(versions[1], "actor"));
        Assert.Equal("urn:wards|3", Part(versions[1], "onBehalfOf"));
        Assert.Equal("wrong by a day", Part(versions[1], "reason"));
        Assert.Equal("urn:purposes|TREAT,a\\,b", Part(versions[1], "purpose"));
        Assert.Equal("request-7", Part(versions[1], "request"));
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", Part(versions[1], "trace"));
        Assert.All(versions, version => Assert.Equal("127.0.0.1", Part(version, "source")));
        Assert.Equal(3, versions.Select(version => Part(version, "transaction")).Distinct().Count());
        // None of it is in the resource.
        Assert.DoesNotContain("house", (await server.GetAsync($"Patient/{created.Id}/_history/2")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_version_tells_what_it_changed()
    {
        var id = await ThreeVersionsAsync();
        var versions = Versions(await server.GetAsync($"Patient/{id}/$replay"));
        Assert.Equal(["0", "1", "2"], versions.Select(version => $"{Difference(version)?["parameter"]?.AsArray().Count ?? 0}"));
        Assert.Equal("replace Patient.birthDate", Operation(Difference(versions[1])!, 0));
        Assert.Equal(["add Patient", "delete Patient.birthDate"], [Operation(Difference(versions[2])!, 0), Operation(Difference(versions[2])!, 1)]);
    }

    [Fact]
    public async Task A_page_goes_on_from_the_one_before()
    {
        var id = await ThreeVersionsAsync();
        var first = await server.GetAsync($"Patient/{id}/$replay?_count=2");
        Assert.Equal(["1", "2"], Versions(first).Select(version => Part(version, "versionId")));
        var next = (string)first.Json["parameter"]!.AsArray()[^1]!["valueUri"]!;
        var last = await server.GetAsync(next);
        Assert.Equal(["3"], Versions(last).Select(version => Part(version, "versionId")));
        Assert.Equal("delete Patient.birthDate", Operation(Difference(Versions(last)[0])!, 1));
    }

    [Fact]
    public async Task What_was_written_together_has_one_transaction_and_its_events_stand_together()
    {
        var (one, two) = (Sample.Id(), Sample.Id());
        await server.PostAsync("", $$"""
            {"resourceType":"Bundle","type":"transaction","entry":[
            {"resource":{{Sample.Patient(one)}},"request":{"method":"PUT","url":"Patient/{{one}}"} },
            {"resource":{{Sample.Patient(two)}},"request":{"method":"PUT","url":"Patient/{{two}}"} }]}
            """, By);
        var (first, second) = (Versions(await server.GetAsync($"Patient/{one}/$replay"))[0], Versions(await server.GetAsync($"Patient/{two}/$replay"))[0]);
        Assert.Equal(Part(first, "transaction"), Part(second, "transaction"));
        Assert.Equal(("Practitioner/house", "Practitioner/house"), (Part(first, "actor"), Part(second, "actor")));
    }

    [Fact]
    public async Task Entries_of_a_batch_have_the_provenance_of_its_request()
    {
        var id = Sample.Id();
        await server.PostAsync("", $$"""
            {"resourceType":"Bundle","type":"batch","entry":[
            {"resource":{{Sample.Patient(id)}},"request":{"method":"PUT","url":"Patient/{{id}}"} }]}
            """, By, "X-Request-Id: batch-1");
        var version = Versions(await server.GetAsync($"Patient/{id}/$replay"))[0];
        Assert.Equal(("Practitioner/house", "127.0.0.1", "batch-1"), (Part(version, "actor"), Part(version, "source"), Part(version, "request")));
    }

    [Fact]
    public async Task A_difference_sent_as_a_patch_makes_the_version_it_leads_to()
    {
        var id = await ThreeVersionsAsync();
        var third = (await server.GetAsync($"Patient/{id}/_history/3")).Json;
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        var difference = await server.GetAsync($"Patient/{id}/$diff?from=4&to=3");
        Assert.Equal(200, difference.Status);
        var patched = (await server.SendAsync("PATCH", $"Patient/{id}", difference.Text)).Json;
        third["meta"] = patched["meta"] = null;
        Assert.Equal(Sorted(third), Sorted(patched));
    }

    [Fact]
    public async Task Without_versions_the_last_change_is_meant_and_equal_ones_differ_in_nothing()
    {
        var id = await ThreeVersionsAsync();
        Assert.Equal((await server.GetAsync($"Patient/{id}/$diff?from=2&to=3")).Text, (await server.GetAsync($"Patient/{id}/$diff")).Text);
        Assert.Null((await server.GetAsync($"Patient/{id}/$diff?from=2&to=2")).Json["parameter"]);
    }

    [Theory]
    [InlineData("$diff?from=1&to=9", 404)]
    [InlineData("$diff?from=x", 400)]
    [InlineData("$diff?from=1&from=2", 400)]
    [InlineData("$replay?_count=0", 400)]
    [InlineData("$replay?from=4", 404)]
    [InlineData("$replay?colour=red", 400)]
    public async Task What_makes_no_sense_is_refused(string url, int status) =>
        (await server.GetAsync($"Patient/{await ThreeVersionsAsync()}/{url}")).IsRefused(status);

    [Theory]
    [InlineData("no json", "value")]
    [InlineData("[]", "structure")]
    [InlineData("""{"resourceType":"Provenance"}""", "required")]
    [InlineData("""{"resourceType":"Patient"}""", "not-supported")]
    [InlineData("""{"target":[{"reference":"Patient/1"}],"agent":[{"who":{"display":"x"}}]}""", "not-supported")]
    [InlineData("""{"agent":[{"who":{"display":"x"}},{"who":{"display":"y"}}]}""", "not-supported")]
    [InlineData("""{"agent":[{"who":{"display":7}}]}""", "structure")]
    [InlineData("""{"agent":[{"who":{"display":"\u0000"}}]}""", "too-long")]
    [InlineData("""{"agent":[{"who":{"display":"\ud800"}}]}""", "structure")]
    public async Task A_provenance_that_could_not_be_kept_is_refused_before_anything_is_written(string header, string code)
    {
        var id = Sample.Id();
        var answer = (await server.PutAsync($"Patient/{id}", Sample.Patient(id), $"X-Provenance: {header}")).IsRefused(400);
        Assert.Equal(code, answer.IssueCode);
        Assert.Equal(404, (await server.GetAsync($"Patient/{id}")).Status);
    }

    private async Task<string> ThreeVersionsAsync()
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        await server.PutAsync($"Patient/{id}", Sample.Patient(id).Replace("1990-02-03", "1990-02-04", StringComparison.Ordinal));
        await server.PutAsync($"Patient/{id}", Sample.Patient(id).Replace("\"birthDate\":\"1990-02-03\"", "\"active\":true", StringComparison.Ordinal));
        return id;
    }

    private static List<JsonNode> Versions(HttpAnswer answer) =>
        [.. answer.Json["parameter"]!.AsArray().Where(parameter => (string?)parameter!["name"] == "version").Select(parameter => parameter!["part"]!)];

    private static string? Part(JsonNode parts, string name) =>
        (string?)parts.AsArray().FirstOrDefault(part => (string?)part!["name"] == name)?.AsObject().Single(member => member.Key != "name").Value;

    private static JsonNode? Difference(JsonNode parts) =>
        parts.AsArray().FirstOrDefault(part => (string?)part!["name"] == "difference")?["resource"];

    private static string Operation(JsonNode parameters, int index)
    {
        var parts = parameters["parameter"]!.AsArray()[index]!["part"]!;
        return $"{Part(parts, "type")} {Part(parts, "path")}";
    }

    private static string Sorted(JsonNode node) => string.Join(
        '\n', node.AsObject().Where(member => member.Value is not null).OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => $"{member.Key}={member.Value!.ToJsonString()}"));
}
