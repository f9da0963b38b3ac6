using System.Text;
using System.Text.Json.Nodes;

using EventFhir.Model.Definitions;
using EventFhir.ServerTests.Running;

using Xunit;

using static EventFhir.ServerTests.Bundles.Bundled;

namespace EventFhir.ServerTests.Bundles;

/// <summary>POST [base] with a Bundle of type transaction (R4 http.html#transaction).</summary>
public sealed class Transactions(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task Entries_are_answered_in_their_order_with_what_became_of_them()
    {
        var (kept, gone) = (Sample.Id(), Sample.Id());
        await server.PutAsync($"Patient/{gone}", Sample.Patient(gone));
        var answer = await server.PostAsync("", Transaction(
            Put($"Patient/{kept}", Sample.Patient(kept)), Post(Uuid(), Sample.Patient()), Only("DELETE", $"Patient/{gone}"), Only("GET", $"Patient/{kept}")));
        Assert.Equal((200, "transaction-response"), (answer.Status, (string?)answer.Json["type"]));
        Assert.Equal(["201", "201", "204", "200"], Enumerable.Range(0, 4).Select(answer.StatusOf));
        Assert.Equal("W/\"1\"", (string?)answer.Response(0)["etag"]);
        Assert.Equal("W/\"2\"", (string?)answer.Response(2)["etag"]);
        Assert.Equal(kept, (string?)answer.Json["entry"]![3]!["resource"]!["id"]);
        Assert.Equal(200, (await server.GetAsync(answer.KeyOf(1))).Status);
        Assert.Equal(410, (await server.GetAsync($"Patient/{gone}")).Status);
        Assert.Empty(Validated.Errors(Release.R4, Encoding.UTF8.GetBytes(answer.Text)));
    }

    [Fact]
    public async Task An_empty_transaction_has_an_empty_answer() =>
        Assert.Equal("""{"resourceType":"Bundle","type":"transaction-response"}""", (await server.PostAsync("", Transaction())).Text);

    [Fact]
    public async Task References_to_entries_lead_to_the_resources_that_they_became_even_in_a_circle()
    {
        var (a, b) = (Uuid(), Uuid());
        var answer = await server.PostAsync("", Transaction(Post(a, LinkedTo(b)), Post(b, LinkedTo(a))));
        Assert.Equal(200, answer.Status);
        Assert.Equal(answer.KeyOf(1), await LinkOf(answer.KeyOf(0)));
        Assert.Equal(answer.KeyOf(0), await LinkOf(answer.KeyOf(1)));
    }

    [Fact]
    public async Task Links_of_all_kinds_are_rewritten_and_canonicals_and_identifiers_are_not()
    {
        var (patient, binary) = (Uuid(), Uuid());
        var document = $$$"""
            {"resourceType":"DocumentReference","status":"current","identifier":[{"system":"urn:ietf:rfc:3986","value":"{{{binary}}}"}],"subject":{"reference":"{{{patient}}}"},
            "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"{{{patient}}}\">p</a><img src='{{{binary}}}' alt='{{{binary}}}'/></div>"},
            "extension":[{"url":"http://a.b/c","valueCanonical":"{{{binary}}}"},{"url":"http://a.b/d","valueUri":"{{{patient}}}"},{"url":"http://a.b/e","valueUrl":"{{{binary}}}#page"}],
            "content":[{"attachment":{"url":"{{{binary}}}"}}]}
            """;
        var answer = await server.PostAsync("", Transaction(
            Post(Uuid(), document), Post(patient, Sample.Patient()), Post(binary, """{"resourceType":"Binary","contentType":"text/plain","data":"QQ=="}""")));
        Assert.Equal(200, answer.Status);
        var (p, b) = (answer.KeyOf(1), answer.KeyOf(2));
        var stored = (await server.GetAsync(answer.KeyOf(0))).Json;
        Assert.Equal(p, (string?)stored["subject"]!["reference"]);
        Assert.Equal(b, (string?)stored["content"]![0]!["attachment"]!["url"]);
        Assert.Equal($"<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"{p}\">p</a><img src='{b}' alt='{binary}'/></div>", (string?)stored["text"]!["div"]);
        Assert.Equal([binary, p, b + "#page"], stored["extension"]!.AsArray().Select(extension =>
            (string?)(extension!["valueCanonical"] ?? extension["valueUri"] ?? extension["valueUrl"])));
        Assert.Equal(binary, (string?)stored["identifier"]![0]!["value"]);
    }

    [Fact]
    public async Task Relative_references_are_relative_to_the_fullUrl_of_their_entry()
    {
        const string elsewhere = "http://elsewhere.org/r4/";
        var answer = await server.PostAsync("", Transaction(
            Post(elsewhere + "Patient/7", Sample.Patient()),
            Post(elsewhere + "Observation/8", ObservationOf("Patient/7")),
            Post(Uuid(), ObservationOf("Patient/7")),
            Post(Uuid(), ObservationOf(elsewhere + "Patient/7"))));
        Assert.Equal(200, answer.Status);
        Assert.Equal(answer.KeyOf(0), await SubjectOf(answer.KeyOf(1)));
        Assert.Equal("Patient/7", await SubjectOf(answer.KeyOf(2)));
        Assert.Equal(answer.KeyOf(0), await SubjectOf(answer.KeyOf(3)));
    }

    [Fact]
    public async Task An_update_may_be_referred_to_by_its_fullUrl()
    {
        var (id, fullUrl) = (Sample.Id(), Uuid());
        var update = $$$"""{"fullUrl":"{{{fullUrl}}}","resource":{{{Sample.Patient(id)}}},"request":{"method":"PUT","url":"{{{server.Http.BaseAddress}}}Patient/{{{id}}}"}}""";
        var answer = await server.PostAsync("", Transaction(Post(Uuid(), ObservationOf(fullUrl)), update));
        Assert.Equal($"Patient/{id}", await SubjectOf(answer.KeyOf(0)));
    }

    [Fact]
    public async Task A_rewritten_reference_is_found_by_search()
    {
        var patient = Uuid();
        var answer = await server.PostAsync("", Transaction(Post(patient, Sample.Patient()), Post(Uuid(), ObservationOf(patient))));
        Assert.Equal(1, (int?)(await server.GetAsync($"Observation?subject={answer.KeyOf(0)}")).Json["total"]);
    }

    [Fact]
    public async Task A_reference_to_no_entry_or_to_a_type_that_is_not_allowed_is_refused_where_it_stands()
    {
        var location = Uuid();
        var dangling = await server.PostAsync("", Transaction(Post(location, Sample.Patient()), Post(Uuid(), ObservationOf(Uuid()))));
        Assert.Equal(["Bundle.entry[1].resource.subject.reference"], dangling.IsRefused(400).Expressions());
        var wrong = await server.PostAsync("", Transaction(
            Post(location, Sample.Observation()), Post(Uuid(), ObservationOf(location))));
        Assert.Equal(["Bundle.entry[1].resource.subject.reference"], wrong.IsRefused(422).Expressions());
    }

    [Fact]
    public async Task What_is_wrong_is_told_by_entry_and_element()
    {
        var answer = await server.PostAsync("", Transaction(
            Post(Uuid(), Sample.Patient()),
            Post(Uuid(), """{"resourceType":"Observation","status":"final"}"""),
            Post(Uuid(), """{"resourceType":"Patient","birthDate":"soon"}""")));
        Assert.Equal(["Bundle.entry[1].resource.code", "Bundle.entry[2].resource.birthDate"], answer.IsRefused(422).Expressions());
    }

    [Fact]
    public async Task Two_writes_of_one_resource_and_two_equal_fullUrls_are_refused()
    {
        var (id, fullUrl) = (Sample.Id(), Uuid());
        var twice = await server.PostAsync("", Transaction(Put($"Patient/{id}", Sample.Patient(id)), Only("DELETE", $"Patient/{id}")));
        Assert.Equal(["Bundle.entry[0].request.url"], twice.IsRefused(400).Expressions());
        var same = await server.PostAsync("", Transaction(Post(fullUrl, Sample.Patient()), Post(fullUrl, Sample.Patient())));
        Assert.Equal(["Bundle.entry[1].fullUrl"], same.IsRefused(400).Expressions());
        (await server.GetAsync($"Patient/{id}")).IsRefused(404);
    }

    [Theory]
    [InlineData(""","ifMatch":"W/\"1\"" """, 200)]
    [InlineData(""","ifMatch":"W/\"2\"" """, 412)]
    [InlineData(""","ifNoneMatch":"*" """, 412)]
    [InlineData(""","ifMatch":"nonsense" """, 400)]
    public async Task Conditions_of_an_entry_hold_for_its_resource(string condition, int status)
    {
        var (id, other) = (Sample.Id(), Sample.Id());
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        var answer = await server.PostAsync("", Transaction(
            Put($"Patient/{other}", Sample.Patient(other)), Put($"Patient/{id}", Sample.Patient(id, "Neu"), condition)));
        Assert.Equal(status, answer.Status);
        if (status != 200) Assert.Equal(["Bundle.entry[1].request"], answer.IsRefused(status).Expressions());
        Assert.Equal(status, (await server.GetAsync($"Patient/{other}")).Status is 404 ? status : 200);
    }

    [Theory]
    [InlineData("return=representation", "Patient", null)]
    [InlineData("return=OperationOutcome", null, "OperationOutcome")]
    [InlineData("return=minimal", null, null)]
    public async Task Prefer_chooses_what_each_entry_answers(string prefer, string? resource, string? outcome)
    {
        var answer = await server.PostAsync("", Transaction(Post(Uuid(), Sample.Patient())), $"Prefer: {prefer}");
        Assert.Equal(resource, (string?)answer.Json["entry"]![0]!["resource"]?["resourceType"]);
        Assert.Equal(outcome, (string?)answer.Response(0)["outcome"]?["resourceType"]);
    }

    [Fact]
    public async Task Reads_and_searches_see_what_the_transaction_wrote()
    {
        var (id, family) = (Sample.Id(), "F" + Sample.Id()[..8]);
        var answer = await server.PostAsync("", Transaction(
            Only("GET", $"Patient?family={family}"), Only("HEAD", $"Patient/{id}"), Only("GET", $"Patient/{id}/_history"),
            Only("GET", $"Patient/{id}", ""","ifNoneMatch":"W/\"1\"" """), Put($"Patient/{id}", Sample.Patient(id, family))));
        Assert.Equal(["200", "200", "200", "304", "201"], Enumerable.Range(0, 5).Select(answer.StatusOf));
        Assert.Equal(1, (int?)answer.Json["entry"]![0]!["resource"]!["total"]);
        Assert.Null(answer.Json["entry"]![1]!["resource"]);
        Assert.Equal("history", (string?)answer.Json["entry"]![2]!["resource"]!["type"]);
    }

    [Fact]
    public async Task Versions_of_a_transaction_follow_each_other_deletes_first()
    {
        var (gone, put) = (Sample.Id(), Sample.Id());
        await server.PutAsync($"Patient/{gone}", Sample.Patient(gone));
        var answer = await server.PostAsync("", Transaction(
            Put($"Patient/{put}", Sample.Patient(put)), Post(Uuid(), Sample.Patient()), Only("DELETE", $"Patient/{gone}")));
        var history = (await server.GetAsync("_history?_count=3&_sort=-_lastUpdated")).Json["entry"]!.AsArray();
        Assert.Equal(["PUT", "POST", "DELETE"], history.Select(entry => (string?)entry!["request"]!["method"]));
        Assert.Equal(200, answer.Status);
    }

    [Theory]
    [InlineData("""{"resourceType":"Patient"}""")]
    [InlineData("""{"resourceType":"Bundle","type":"collection"}""")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":{}}""")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[7]}""")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"GET"}}]}""")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"POST","url":"Patient"}}]}""")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"STEAL","url":"Patient/1"}}]}""")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Nothing/1"}}]}""")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"GET","url":"Nothing/1"}}]}""")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","colour":1}""")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[""")]
    public async Task What_is_no_transaction_is_refused(string text) => (await server.PostAsync("", text)).IsRefused(400);

    private static string LinkedTo(string other) =>
        $$"""{"resourceType":"Patient","link":[{"other":{"reference":"{{other}}"},"type":"seealso"}]}""";

    private async Task<string?> LinkOf(string key) => (string?)(await server.GetAsync(key)).Json["link"]![0]!["other"]!["reference"];

    private async Task<string?> SubjectOf(string key) => (string?)(await server.GetAsync(key)).Json["subject"]!["reference"];
}
