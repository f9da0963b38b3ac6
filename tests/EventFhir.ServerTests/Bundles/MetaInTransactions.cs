using EventFhir.ServerTests.Running;

using Xunit;

using static EventFhir.ServerTests.Bundles.Bundled;

namespace EventFhir.ServerTests.Bundles;

/// <summary>$meta-add and $meta-delete as entries of a transaction: they happen with the rest of it, or not at all.</summary>
public sealed class MetaInTransactions(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task Labels_change_with_the_rest_and_are_answered()
    {
        var (labelled, other) = (Sample.Id(), Sample.Id());
        await server.PutAsync($"Patient/{labelled}", Sample.Patient(labelled));
        var answer = await server.PostAsync("", Transaction(
            Change(labelled, "add", "new"), Put($"Patient/{other}", Sample.Patient(other)), Only("GET", $"Patient?_id={labelled}&_tag=new")));
        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(("200", "W/\"2\""), (answer.StatusOf(0), (string?)answer.Response(0)["etag"]));
        var meta = answer.Json["entry"]![0]!["resource"]!["parameter"]![0]!["valueMeta"]!;
        Assert.Equal(("2", "new"), ((string?)meta["versionId"], (string?)meta["tag"]![0]!["code"]));
        Assert.Equal(1, (int)answer.Json["entry"]![2]!["resource"]!["total"]!);

        answer = await server.PostAsync("", Transaction(Change(labelled, "delete", "new")));
        Assert.True(answer.Status == 200, answer.Text);
        Assert.Null((await server.GetAsync($"Patient/{labelled}")).Json["meta"]!["tag"]);
        // Nothing to remove: no version.
        answer = await server.PostAsync("", Transaction(Change(labelled, "delete", "new")));
        Assert.Equal("W/\"3\"", (string?)answer.Response(0)["etag"]);
    }

    [Theory]
    [InlineData("""{"resourceType":"Parameters"}""", "", 400)]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"code":"a","unknown":1}]}}]}""", "", 400, 422)]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"code":"a"}]}}]}""", ""","ifMatch":"W/\"7\"" """, 412)]
    public async Task What_is_refused_takes_the_transaction_with_it(string parameters, string conditions, params int[] statuses)
    {
        var (labelled, other) = (Sample.Id(), Sample.Id());
        await server.PutAsync($"Patient/{labelled}", Sample.Patient(labelled));
        var answer = await server.PostAsync("", Transaction(
            Put($"Patient/{other}", Sample.Patient(other)), Entry(labelled, "add", parameters, conditions)));
        Assert.Contains(answer.Status, statuses);
        (await server.GetAsync($"Patient/{other}")).IsRefused(404);
        Assert.Equal("W/\"1\"", (await server.GetAsync($"Patient/{labelled}")).ETag);
    }

    [Fact]
    public async Task A_resource_that_is_not_there_refuses_the_transaction()
    {
        var other = Sample.Id();
        (await server.PostAsync("", Transaction(Put($"Patient/{other}", Sample.Patient(other)), Change(Sample.Id(), "add", "new")))).IsRefused(404);
        (await server.GetAsync($"Patient/{other}")).IsRefused(404);
    }

    [Fact]
    public async Task Changes_by_many_transactions_at_once_all_count()
    {
        var id = Sample.Id();
        await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(number => server.PostAsync("", Transaction(Change(id, "add", $"t{number}")))));
        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.Equal(8, (await server.GetAsync($"Patient/{id}")).Json["meta"]!["tag"]!.AsArray().Count);
    }

    private static string Change(string id, string change, string tag) =>
        Entry(id, change, $$$"""{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"code":"{{{tag}}}"}]}}]}""");

    private static string Entry(string id, string change, string parameters, string conditions = "") =>
        $$$"""{"resource":{{{parameters}}},"request":{"method":"POST","url":"Patient/{{{id}}}/$meta-{{{change}}}"{{{conditions}}} }}""";
}
