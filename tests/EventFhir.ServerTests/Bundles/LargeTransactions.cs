using System.Globalization;

using EventFhir.ServerTests.Running;

using Npgsql;

using Xunit;

using static EventFhir.ServerTests.Bundles.Bundled;

namespace EventFhir.ServerTests.Bundles;

/// <summary>Transactions in the manner of Synthea: a patient with everything about him, and practitioners that only criteria name.</summary>
public sealed class LargeTransactions(RunningServer server) : IClassFixture<RunningServer>
{
    private const int Practitioners = 20;
    private const int Encounters = 120;
    private const int ObservationsPerEncounter = 8;

    [Fact]
    public async Task A_whole_patient_is_stored_at_once_and_no_link_to_an_entry_is_left()
    {
        Assert.Equal(200, (await server.PostAsync("", Batch([.. Enumerable.Range(0, Practitioners).Select(Practitioner)]))).Status);
        var answer = await server.PostAsync("", Patient(out var entries));
        Assert.Equal((200, entries), (answer.Status, answer.Json["entry"]!.AsArray().Count));
        Assert.All(Enumerable.Range(0, entries), entry => Assert.Equal("201", answer.StatusOf(entry)));
        foreach (var (url, count) in new[] { ($"Encounter?subject={answer.KeyOf(0)}", Encounters), ($"Observation?subject={answer.KeyOf(0)}", Encounters * ObservationsPerEncounter) })
            Assert.Equal(count, (int?)(await server.GetAsync($"{url}&_summary=count")).Json["total"]);
        Assert.Equal(Encounters / Practitioners, (int?)(await server.GetAsync($"Encounter?participant.identifier=urn:law|7&_summary=count")).Json["total"]);
        Assert.Equal(0L, await CountAsync("select count(*) from es.event where body like '%urn:uuid:%' or body like '%Practitioner?%'"));
    }

    [Fact]
    public async Task A_body_beyond_the_limit_of_a_Bundle_is_413()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "") { Content = new ByteArrayContent(new byte[Model.Limits.BundleBytesMax + 1]) };
        request.Content.Headers.ContentType = new("application/fhir+json");
        // So that the answer comes before the body is sent.
        request.Headers.ExpectContinue = true;
        using var answer = await server.Http.SendAsync(request);
        Assert.Equal(413, (int)answer.StatusCode);
    }

    [Fact]
    public async Task A_Bundle_may_be_larger_than_a_resource()
    {
        var note = new string('x', 1_000_000);
        var entries = Enumerable.Range(0, (Model.Limits.BodyBytesMax / note.Length) + 2)
            .Select(_ => Post(Uuid(), $$$"""{"resourceType":"Basic","code":{"text":"{{{note}}}"}}"""));
        Assert.Equal(200, (await server.PostAsync("", Transaction([.. entries]))).Status);
    }

    private static string Practitioner(int number)
    {
        var text = number.ToString(CultureInfo.InvariantCulture);
        return Post(
            Uuid(), $$"""{"resourceType":"Practitioner","identifier":[{"system":"urn:law","value":"{{text}}"}],"name":[{"family":"P{{text}}"}]}""",
            $",\"ifNoneExist\":\"identifier=urn:law|{text}\"");
    }

    private static string Patient(out int count)
    {
        var patient = Uuid();
        var entries = new List<string> { Post(patient, Sample.Patient()) };
        for (var number = 0; number < Encounters; number++)
        {
            var encounter = Uuid();
            var practitioner = $"Practitioner?identifier=urn:law|{(number % Practitioners).ToString(CultureInfo.InvariantCulture)}";
            entries.Add(Post(
                encounter,
                $$$"""
                {"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"subject":{"reference":"{{{patient}}}"},"participant":[{"individual":{"reference":"{{{practitioner}}}"}}]}
                """));
            for (var observation = 0; observation < ObservationsPerEncounter; observation++)
                entries.Add(Post(
                    Uuid(),
                    $$$"""
                    {"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"{{{patient}}}"},"encounter":{"reference":"{{{encounter}}}"},"performer":[{"reference":"{{{practitioner}}}"}]}
                    """));
        }
        count = entries.Count;
        return Transaction([.. entries]);
    }

    private async Task<long> CountAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(server.Connection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
