using System.Text.Json.Nodes;

using EventFhir.ServerTests.Running;

using Xunit;

using static EventFhir.ServerTests.Bundles.Bundled;

namespace EventFhir.ServerTests.Bundles;

/// <summary>What a transaction reads is as of its commit (R4 http.html#transaction), and what cannot be read refuses it.</summary>
public sealed class ReadsInTransactions(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task All_reads_see_the_transaction_and_one_state_of_what_a_rival_keeps_changing()
    {
        var (own, rivals) = (Sample.Id(), Sample.Id());
        await server.PutAsync($"Patient/{own}", Sample.Patient(own, "Begin"));
        await server.PutAsync($"Patient/{rivals}", Sample.Patient(rivals, "Begin"));
        using var stop = new CancellationTokenSource();
        var writing = Task.WhenAll(RivalAsync(own, stop.Token), RivalAsync(rivals, stop.Token));
        try
        {
            for (var round = 0; round < 25; round++)
            {
                var answer = await server.PostAsync("", Transaction(
                    Put($"Patient/{own}", Sample.Patient(own, $"Own{round}")), Only("GET", $"Patient/{own}"), Only("GET", $"Patient?_id={own}"),
                    Only("GET", $"Patient/{own}/_history?_count=1"), Only("GET", $"Patient/{rivals}"), Only("GET", $"Patient?_id={rivals}"),
                    Only("GET", $"Patient/{rivals}/_history?_count=1")));
                Assert.True(answer.Status == 200, answer.Text);
                string[] read = [ReadOf(answer, 1), FirstOf(answer, 2), FirstOf(answer, 3)];
                Assert.Equal([$"Own{round}"], read.Select(FamilyIn).Distinct());
                Assert.Equal([((string)answer.Response(0)["etag"]!)[3..^1]], read.Select(VersionIn).Distinct());
                string[] ofRival = [ReadOf(answer, 4), FirstOf(answer, 5), FirstOf(answer, 6)];
                Assert.Single(ofRival.Distinct());
                // The history ends there too.
                Assert.Equal(VersionIn(ofRival[2]), ((long)answer.Json["entry"]![6]!["resource"]!["total"]!).ToString());
            }
        }
        finally
        {
            await stop.CancelAsync();
            await writing;
        }
    }

    [Fact]
    public async Task The_next_page_of_a_history_goes_on_from_the_one_in_the_transaction()
    {
        var id = Sample.Id();
        for (var version = 1; version <= 3; version++) await server.PutAsync($"Patient/{id}", Sample.Patient(id, $"V{version}"));
        var answer = await server.PostAsync("", Transaction(Put($"Patient/{id}", Sample.Patient(id, "V4")), Only("GET", $"Patient/{id}/_history?_count=2")));
        var page = answer.Json["entry"]![1]!["resource"]!;
        Assert.Equal(["V4", "V3"], FamiliesIn(page));
        await server.PutAsync($"Patient/{id}", Sample.Patient(id, "V5"));
        var next = (string)page["link"]!.AsArray().Single(link => (string?)link!["relation"] == "next")!["url"]!;
        Assert.Equal(["V2", "V1"], FamiliesIn((await server.GetAsync(next)).Json));
    }

    [Theory]
    [InlineData("GET", "Patient/{other}", 404)]
    [InlineData("HEAD", "Patient/{other}", 404)]
    [InlineData("GET", "Patient/{other}/_history/7", 404)]
    [InlineData("GET", "Patient/{gone}", 410)]
    [InlineData("GET", "Patient/{deleted}", 410)]
    [InlineData("GET", "Patient/{deleted}/$meta", 410)]
    [InlineData("GET", "Patient?no-such-parameter=1", 400)]
    public async Task A_read_that_fails_refuses_the_transaction(string method, string url, int status)
    {
        var (written, gone, deleted) = (Sample.Id(), Sample.Id(), Sample.Id());
        foreach (var id in new[] { gone, deleted }) await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        await server.DeleteAsync($"Patient/{gone}");
        url = url.Replace("{other}", Sample.Id(), StringComparison.Ordinal).Replace("{gone}", gone, StringComparison.Ordinal)
            .Replace("{deleted}", deleted, StringComparison.Ordinal);
        var answer = await server.PostAsync("", Transaction(
            Put($"Patient/{written}", Sample.Patient(written)), Only("DELETE", $"Patient/{deleted}"), Only(method, url)));
        Assert.Equal(["Bundle.entry[2].request.url"], answer.IsRefused(status).Expressions());
        (await server.GetAsync($"Patient/{written}")).IsRefused(404);
        Assert.Equal(200, (await server.GetAsync($"Patient/{deleted}")).Status);
    }

    [Fact]
    public async Task What_the_transaction_writes_or_the_client_has_already_is_no_failure()
    {
        var (made, back, gone) = (Sample.Id(), Sample.Id(), Sample.Id());
        foreach (var id in new[] { back, gone }) await server.PutAsync($"Patient/{id}", Sample.Patient(id));
        await server.DeleteAsync($"Patient/{back}");
        var answer = await server.PostAsync("", Transaction(
            Put($"Patient/{made}", Sample.Patient(made)), Put($"Patient/{back}", Sample.Patient(back)), Only("DELETE", $"Patient/{gone}"),
            Only("GET", $"Patient/{made}"), Only("GET", $"Patient/{back}"), Only("GET", $"Patient/{gone}/_history"),
            Only("GET", $"Patient/{made}", ""","ifNoneMatch":"W/\"1\"" """)));
        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(["200", "200", "200", "304"], Enumerable.Range(3, 4).Select(answer.StatusOf));
        Assert.Equal(2, (int)answer.Json["entry"]![5]!["resource"]!["total"]!);
    }

    private async Task RivalAsync(string id, CancellationToken stop)
    {
        for (var number = 0; !stop.IsCancellationRequested; number++)
            Assert.Equal(200, (await server.PutAsync($"Patient/{id}", Sample.Patient(id, $"Rival{number}"))).Status);
    }

    private static string ReadOf(HttpAnswer answer, int entry) => answer.Json["entry"]![entry]!["resource"]!.ToJsonString();

    private static string FirstOf(HttpAnswer answer, int entry) => answer.Json["entry"]![entry]!["resource"]!["entry"]![0]!["resource"]!.ToJsonString();

    private static string VersionIn(string patient) => (string)JsonNode.Parse(patient)!["meta"]!["versionId"]!;

    private static string FamilyIn(string patient) => (string)JsonNode.Parse(patient)!["name"]![0]!["family"]!;

    private static IEnumerable<string> FamiliesIn(JsonNode bundle) => bundle["entry"]!.AsArray().Select(entry => FamilyIn(entry!["resource"]!.ToJsonString()));
}
