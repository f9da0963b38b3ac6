using System.Text;

using EventFhir.ServerTests.Running;

using Xunit;

using static EventFhir.ServerTests.Bundles.Bundled;

namespace EventFhir.ServerTests.Bundles;

/// <summary>Entries that read by POST: searches and operations that change nothing.</summary>
public sealed class ReadsByPost(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly string family = "Read" + Guid.NewGuid().ToString("N");

    [Theory]
    [InlineData("transaction")]
    [InlineData("batch")]
    public async Task A_posted_search_has_its_parameters_in_the_URL_or_as_a_form_in_a_Binary(string type)
    {
        await server.PostAsync("Patient", Sample.Patient(family: family));
        var form = $$"""{"resourceType":"Binary","contentType":"application/x-www-form-urlencoded","data":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes($"family={family}"))}}"}""";
        string[] entries = [Only("POST", $"Patient/_search?family={family}"), Posted("Patient/_search", form), Posted("_search?_type=Patient", form)];
        var answer = await server.PostAsync("", type is "batch" ? Batch(entries) : Transaction(entries));
        for (var entry = 0; entry < entries.Length; entry++)
        {
            Assert.Equal("200", answer.StatusOf(entry));
            Assert.Equal(1, (int)answer.Json["entry"]![entry]!["resource"]!["total"]!);
        }
    }

    [Fact]
    public async Task In_a_transaction_a_search_sees_what_it_has_written()
    {
        var answer = await server.PostAsync("", Transaction(Only("POST", $"Patient/_search?family={family}"), Post(Uuid(), Sample.Patient(family: family))));
        Assert.Equal(1, (int)answer.Json["entry"]![0]!["resource"]!["total"]!);
    }

    [Fact]
    public async Task A_transaction_can_validate()
    {
        var answer = await server.PostAsync("", Transaction(Posted("Patient/$validate", """{"resourceType":"Patient","gender":"male"}""")));
        Assert.True(answer.Status == 200 && answer.StatusOf(0) == "200", answer.Text);
        Assert.Equal("OperationOutcome", (string?)answer.Response(0)["outcome"]!["resourceType"]);
    }

    [Theory]
    [InlineData("Patient/1/$reindex")]
    [InlineData("$reindex")]
    [InlineData("Patient/$unknown")]
    [InlineData("Patient/_unknown")]
    public async Task Operations_that_write_or_are_unknown_refuse_the_transaction(string url)
    {
        var id = Sample.Id();
        var answer = await server.PostAsync("", Transaction(Put($"Patient/{id}", Sample.Patient(id)), Posted(url, """{"resourceType":"Parameters"}""")));
        Assert.Equal(["Bundle.entry[1].request.url"], answer.IsRefused(400).Expressions());
        (await server.GetAsync($"Patient/{id}")).IsRefused(404);
    }

    private static string Posted(string url, string resource) => $$$"""{"resource":{{{resource}}},"request":{"method":"POST","url":"{{{url}}}"}}""";
}
