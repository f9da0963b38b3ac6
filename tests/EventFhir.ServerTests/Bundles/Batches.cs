using System.Globalization;

using EventFhir.ServerTests.Running;

using Xunit;

using static EventFhir.ServerTests.Bundles.Bundled;

namespace EventFhir.ServerTests.Bundles;

/// <summary>POST [base] with a Bundle of type batch (R4 http.html#transaction).</summary>
public sealed class Batches(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task Entries_succeed_and_fail_each_for_itself()
    {
        var id = Sample.Id();
        var answer = await server.PostAsync("", Batch(
            Post(Uuid(), Sample.Patient()),
            Post(Uuid(), """{"resourceType":"Observation","status":"final"}"""),
            Put($"Patient/{id}", Sample.Patient(id)),
            Only("GET", $"Patient/{Sample.Id()}"),
            Only("GET", "Nothing"),
            Only("STEAL", "Patient"),
            """{"resource":{"resourceType":"Patient"}}""",
            Only("GET", "metadata-of-nothing")));
        Assert.Equal((200, "batch-response"), (answer.Status, (string?)answer.Json["type"]));
        Assert.Equal(["201", "422", "201", "404", "404", "404", "400", "404"], Enumerable.Range(0, 8).Select(answer.StatusOf));
        Assert.Equal("Observation.code", (string?)answer.Response(1)["outcome"]!["issue"]![0]!["expression"]![0]);
        Assert.Equal("OperationOutcome", (string?)answer.Response(3)["outcome"]!["resourceType"]);
        Assert.Equal(200, (await server.GetAsync($"Patient/{id}")).Status);
    }

    [Fact]
    public async Task Every_interaction_may_stand_in_a_batch()
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        var answer = await server.PostAsync("", Batch(
            Only("GET", $"Patient/{id}/_history/1"), Only("GET", "Patient?_summary=count"), Only("GET", $"Patient/{id}/Observation"),
            Only("GET", "_history?_count=1"), Only("HEAD", $"/Patient/{id}"), Only("GET", "Patient?_nonsense=1"), Only("GET", $"{server.Http.BaseAddress}Patient/{id}")));
        Assert.Equal(["200", "200", "200", "200", "200", "400", "200"], Enumerable.Range(0, 7).Select(answer.StatusOf));
    }

    [Fact]
    public async Task Many_entries_are_all_carried_out()
    {
        var tag = Sample.Id();
        var answer = await server.PostAsync("", Batch([.. Enumerable.Range(0, 300).Select(number => Post(
            Uuid(), $$"""{"resourceType":"Patient","identifier":[{"system":"http://a.b/{{tag}}","value":"{{number.ToString(CultureInfo.InvariantCulture)}}"}]}"""))]));
        Assert.All(Enumerable.Range(0, 300), entry => Assert.Equal("201", answer.StatusOf(entry)));
        Assert.Equal(300, (int?)(await server.GetAsync($"Patient?identifier=http://a.b/{tag}%7C&_count=1")).Json["total"]);
    }

    [Fact]
    public async Task An_idempotency_key_of_a_batch_holds_for_each_entry()
    {
        var (batch, key) = (Batch(Post(Uuid(), Sample.Patient()), Post(Uuid(), Sample.Patient())), $"Idempotency-Key: {Sample.Id()}");
        var (first, second) = (await server.PostAsync("", batch, key), await server.PostAsync("", batch, key));
        Assert.Equal((first.KeyOf(0), first.KeyOf(1)), (second.KeyOf(0), second.KeyOf(1)));
        Assert.NotEqual(first.KeyOf(0), first.KeyOf(1));
    }

    [Fact]
    public async Task A_Bundle_within_a_batch_is_no_interaction() =>
        Assert.Equal("404", (await server.PostAsync("", Batch($$$"""{"resource":{{{Batch()}}},"request":{"method":"POST","url":"/"}}"""))).StatusOf(0));
}
