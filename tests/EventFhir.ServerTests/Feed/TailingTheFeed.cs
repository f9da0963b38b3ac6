using System.Text.Json.Nodes;

using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests.Feed;

/// <summary>eventfhir tail.</summary>
public sealed class TailingTheFeed(PostgresCluster postgres)
{
    [Fact]
    public async Task It_prints_the_newest_events_or_those_after_a_cursor_and_what_an_import_wrote_is_there()
    {
        using var folder = new TemporaryFolder();
        var connection = await postgres.NewDatabaseAsync();
        await File.WriteAllLinesAsync(folder.File("all.ndjson"), Enumerable.Range(0, 25).Select(number => Sample.Observation($"o{number}")).Append(Sample.Patient("p1")));
        await EventFhirProcess.RunAsync("import", folder.File("all.ndjson"), "--connection", connection);

        var newest = await EventFhirProcess.RunAsync("tail", "--connection", connection);
        Assert.True(newest.ExitCode == 0, newest.Errors);
        Assert.Equal(10, newest.Output.TrimEnd().Split('\n').Length);
        var patients = await EventFhirProcess.RunAsync("tail", "--after", "e1.0", "--filter", "type=Patient&body=none", "--connection", connection);
        var patient = JsonNode.Parse(Assert.Single(patients.Output.TrimEnd().Split('\n')))!;
        Assert.Equal(("Patient/p1", (JsonNode?)null), ((string?)patient["subject"], patient["data"]));
        Assert.Equal(1, (await EventFhirProcess.RunAsync("tail", "--after", "e1.99", "--connection", connection)).ExitCode);
        Assert.Equal(64, (await EventFhirProcess.RunAsync("tail", "--filter", "color=red", "--connection", connection)).ExitCode);
    }

    [Fact]
    public async Task It_follows_what_is_written_until_it_is_stopped()
    {
        using var folder = new TemporaryFolder();
        var connection = await postgres.NewDatabaseAsync();
        await using var tail = EventFhirProcess.Start(["tail", "--after", "e1.0", "--follow", "--connection", connection]);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        for (var n = 1; n <= 2; n++)
        {
            await File.WriteAllTextAsync(folder.File($"{n}.json"), Sample.Patient($"p{n}"));
            await EventFhirProcess.RunAsync("import", folder.File($"{n}.json"), "--connection", connection);
            var line = await tail.Process.StandardOutput.ReadLineAsync(patience.Token);
            Assert.Equal($"Patient/p{n}", (string?)JsonNode.Parse(line!)!["subject"]);
        }
        Assert.False(tail.Process.HasExited);
    }
}
