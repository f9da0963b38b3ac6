using System.Diagnostics;
using System.Globalization;

using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests.Conditions;

/// <summary>
/// 50 clients, each creating the same identifiers by criteria: each is there once. EVENTFHIR_RACE_IDENTIFIERS asks for more than the few of
/// the ordinary run.
/// </summary>
public sealed class RacingForOne(RunningServer server, PostgresCluster postgres) : IClassFixture<RunningServer>
{
    private const int Clients = 50;

    private static readonly int Identifiers =
        int.TryParse(Environment.GetEnvironmentVariable("EVENTFHIR_RACE_IDENTIFIERS"), CultureInfo.InvariantCulture, out var asked) ? asked : 20;

    [Fact]
    public async Task On_one_node() => await RaceAsync([server], "one");

    [Fact]
    public async Task On_two_nodes()
    {
        await using var other = new RunningServer(postgres) { Shared = server.Connection };
        await other.InitializeAsync();
        await RaceAsync([server, other], "two");
    }

    [Fact]
    public async Task With_criteria_that_are_more_than_a_look_up()
    {
        await using var other = new RunningServer(postgres) { Shared = server.Connection };
        await other.InitializeAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(place => CreateAsync(
            place % 2 == 0 ? server : other, Numbered.Patient("slow"), "identifier=urn:n|slow&birthdate=1990-02-03")));
        Assert.Equal(1, answers.Count(answer => answer.Status == 201));
        Assert.Equal(19, answers.Count(answer => answer.Status == 200));
    }

    private static async Task RaceAsync(RunningServer[] nodes, string name)
    {
        var statuses = await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => CreateAllAsync(nodes[client % nodes.Length], name, client)));
        Assert.Equal(Identifiers, statuses.Sum(own => own.Count(status => status == 201)));
        Assert.Equal(Identifiers * (Clients - 1), statuses.Sum(own => own.Count(status => status == 200)));
        Assert.Equal(Identifiers, (int)(await nodes[0].GetAsync($"Patient?family={name}&_summary=count")).Json["total"]!);
    }

    private static async Task<List<int>> CreateAllAsync(RunningServer node, string name, int client)
    {
        var statuses = new List<int>();
        // All begin near each other, so that they meet.
        for (var step = 0; step < Identifiers; step++)
        {
            var number = $"{name}-{(step + (client % 3)) % Identifiers}";
            var answer = await CreateAsync(node, Numbered.Patient(number, family: name), $"identifier=urn:n|{number}");
            statuses.Add(answer.Status);
        }
        return statuses;
    }

    /// <summary>Whom the others have kept from it for 20 seconds is asked to try again, which a machine under load may bring about.</summary>
    private static async Task<HttpAnswer> CreateAsync(RunningServer node, string patient, string criteria)
    {
        while (true)
        {
            var begun = Stopwatch.GetTimestamp();
            var answer = await node.PostAsync("Patient", patient, $"If-None-Exist: {criteria}");
            if (answer.Status != 409) return answer;
            Assert.True(Stopwatch.GetElapsedTime(begun) > Model.Limits.ConditionTimeMax, answer.Text);
        }
    }
}
