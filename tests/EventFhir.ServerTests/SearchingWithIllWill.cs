using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;

using EventFhir.Model;
using EventFhir.ServerTests.Hostile;
using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>Whatever a search asks, the answer is 200 or the fault of the client; the server and its data stay as they were.</summary>
public sealed class SearchingWithIllWill(RunningServer server, ITestOutputHelper output) : IClassFixture<RunningServer>
{
    private const int Clients = 4;

    /// <summary>EVENTFHIR_HOSTILE_QUERIES makes the run longer.</summary>
    private static int Requests => int.TryParse(Environment.GetEnvironmentVariable("EVENTFHIR_HOSTILE_QUERIES"), out var requests) ? requests : 1_500;

    [Fact]
    public async Task Is_answered_with_200_or_4xx_and_leaves_the_server_well()
    {
        await FillAsync();
        var before = await StateAsync();
        var raw = new RawHttp(server.Http.BaseAddress!);
        var statuses = new ConcurrentDictionary<int, int>();
        var wrong = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(Enumerable.Range(0, Requests), new ParallelOptions { MaxDegreeOfParallelism = Clients }, async (number, _) =>
        {
            var request = HostileRequests.Of(number);
            var (status, answer) = await raw.SendAsync(request);
            statuses.AddOrUpdate(status, 1, static (_, count) => count + 1);
            if (IsSound(request, status, answer)) return;
            wrong.Enqueue($"{number} {request}\n    {status} {(answer.Length > 600 ? answer[^600..] : answer)}");
        });
        output.WriteLine(string.Join(", ", statuses.OrderBy(status => status.Key).Select(status => $"{status.Key}: {status.Value}")));
        Assert.True(wrong.IsEmpty, $"{wrong.Count} of {Requests}:\n{string.Join('\n', wrong.Take(30))}");
        // The corpus would show little if every request failed at the door.
        Assert.True(statuses.GetValueOrDefault(200) > Requests / 10, $"Only {statuses.GetValueOrDefault(200)} of {Requests} were carried out.");
        Assert.Equal(before, await StateAsync());
    }

    /// <summary>A request line over the limit may be cut off with its answer unread; everything else is answered.</summary>
    private static bool IsSound(HostileRequest request, int status, string answer) => status switch
    {
        200 or (>= 400 and < 500) => !answer.Contains("Npgsql", StringComparison.Ordinal) && !answer.Contains("   at ", StringComparison.Ordinal),
        0 => request.Target.Length > Limits.RequestLineBytesMax - 100,
        _ => false,
    };

    private async Task FillAsync()
    {
        for (var number = 0; number < 40; number++)
        {
            await server.PutAsync($"Patient/p{number}", Sample.Patient($"p{number}", $"Meier{number}"));
            await server.PutAsync($"Observation/o{number}", $$$"""
                {"resourceType":"Observation","id":"o{{{number}}}","status":"final","subject":{"reference":"Patient/p{{{number}}}"},"effectiveDateTime":"2020-01-{{{(number % 28) + 1:00}}}",
                 "code":{"coding":[{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}]},
                 "valueQuantity":{"value":{{{number}}}.5,"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"}}
                """);
        }
        await server.PutAsync("Location/l1", """{"resourceType":"Location","id":"l1","name":"Here","position":{"latitude":52.5,"longitude":13.4}}""");
    }

    /// <summary>Health, and how many resources of the types filled there are.</summary>
    private async Task<string> StateAsync()
    {
        var health = await server.Http.GetAsync(new Uri(server.Http.BaseAddress!, "/ready"));
        var counts = new List<string> { ((int)health.StatusCode).ToString(CultureInfo.InvariantCulture) };
        foreach (var query in (string[])["Patient?family=meier", "Observation?code=http://loinc.org|8867-4", "Observation?subject:Patient.family=meier3", "Location?_summary=count"])
        {
            var answer = await server.GetAsync($"{query}&_total=accurate");
            counts.Add($"{query}: {(int?)JsonNode.Parse(answer.Text)!["total"]}");
        }
        return string.Join('\n', counts);
    }
}
