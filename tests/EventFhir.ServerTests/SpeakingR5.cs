using System.Text;

using EventFhir.Core.Search;
using EventFhir.Model.Definitions;
using EventFhir.ServerTests.Running;

using Npgsql;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>The same server with the tables of R5.</summary>
public sealed class SpeakingR5(PostgresCluster postgres) : IAsyncLifetime
{
    private const string Encounter =
        """
        {"resourceType":"Encounter","id":"e1","status":"in-progress","class":[{"text":"ward"}],"subjectStatus":{"text":"arrived","coding":[{"code":"arrived"}]},
         "actualPeriod":{"start":"2026-11-21T08:00:00Z"},"reason":[{"value":[{"reference":{"reference":"Condition/c1"}}]}]}
        """;

    private readonly RunningServer server = new(postgres) { Definitions = SearchDefinitions.Of(Release.R5) };

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task The_CapabilityStatement_is_that_of_R5_and_valid()
    {
        var metadata = await server.GetAsync("metadata");
        Assert.Equal("5.0.0", (string?)metadata.Json["fhirVersion"]);
        Assert.Empty(Validated.Errors(Release.R5, Encoding.UTF8.GetBytes(metadata.Text)));
        Assert.Equal(Release.R5.ResourceTypes.Select(type => type.Name), metadata.Json["rest"]![0]!["resource"]!.AsArray().Select(resource => (string?)resource!["type"]));
        var terminology = await server.GetAsync("metadata?mode=terminology");
        Assert.Empty(Validated.Errors(Release.R5, Encoding.UTF8.GetBytes(terminology.Text)));
    }

    [Theory]
    [InlineData("5.0", 200, 201)]
    [InlineData("5.0.0", 200, 201)]
    [InlineData("4.0", 406, 415)]
    [InlineData("4.3", 406, 415)]
    public async Task The_media_type_may_name_this_release_and_no_other(string version, int read, int create)
    {
        var answer = await server.GetAsync("metadata", $"Accept: application/fhir+json; fhirVersion={version}");
        Assert.Equal(read, answer.Status);
        Assert.Equal(read == 200, answer.Headers["Content-Type"].Contains("fhirVersion=5.0", StringComparison.Ordinal));
        Assert.Equal(create, (await server.PostAsync("Patient", Sample.Patient(), $"Content-Type: application/fhir+json; fhirVersion={version}")).Status);
    }

    [Fact]
    public async Task Resources_have_the_shape_of_R5_and_the_log_says_so()
    {
        Assert.Equal(201, (await server.PutAsync("Encounter/e1", Encounter)).Status);
        var asInR4 = Encounter.Replace("[{\"text\":\"ward\"}]", "{\"code\":\"IMP\"}", StringComparison.Ordinal);
        (await server.PutAsync("Encounter/e2", asInR4)).IsRefused(400);
        (await server.GetAsync("DeviceUseStatement/d1")).IsRefused(404);
        Assert.Equal(201, (await server.PutAsync("SubscriptionTopic/s1", """{"resourceType":"SubscriptionTopic","id":"s1","url":"http://a.example/t","status":"active"}""")).Status);
        // The 64-bit integers that R5 adds are texts in JSON, so that no digit is lost.
        var large = """{"resourceType":"DocumentReference","id":"d1","status":"current","content":[{"attachment":{"url":"http://a.example/f","size":"9007199254740993"}}]}""";
        Assert.Equal(201, (await server.PutAsync("DocumentReference/d1", large)).Status);
        var xml = (await server.GetAsync("DocumentReference/d1", "Accept: application/fhir+xml")).Text;
        Assert.Contains("<size value=\"9007199254740993\"/>", xml, StringComparison.Ordinal);
        Assert.Equal(200, (await server.PutAsync("DocumentReference/d1", xml, "Content-Type: application/fhir+xml")).Status);

        await using var connection = new NpgsqlConnection(server.Connection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select string_agg(distinct fhir_version, ' ') from es.event", connection);
        Assert.Equal("5.0.0", await command.ExecuteScalarAsync());
    }

    [Theory]
    [InlineData("Encounter?date-start=2026-11-21", 1)]
    [InlineData("Encounter?subject-status=arrived", 1)]
    [InlineData("Encounter?reason-reference=Condition/c1", 1)]
    [InlineData("Encounter?reason-reference.code=http://a.example|x", 1)]
    [InlineData("MedicationRequest?code=http://a.example|med", 1)]
    [InlineData("MedicationRequest?medication=Medication/m1", 1)]
    [InlineData("Observation?value-markdown=ange", 0)]
    [InlineData("Observation?value-markdown=ora", 1)]
    [InlineData("Appointment?requested-period=2026-12", 1)]
    // Those of all resources are defined otherwise than in R4, where some are no parameters at all.
    [InlineData("Condition?_has:Encounter:reason-reference:_id=e1", 1)]
    [InlineData("Medication?_list=l1", 1)]
    [InlineData("Observation?_text=apple", 1)]
    [InlineData("Observation?_profile=http://a.example/p", 1)]
    [InlineData("Observation?_language=de", 1)]
    [InlineData("Observation?_filter=value-markdown sw \"ora\"", 1)]
    [InlineData("?_type=Medication,MedicationRequest&_id=m1", 1)]
    [InlineData("Location?near=48.1|11.5|10|km", 1)]
    public async Task Search_parameters_that_only_R5_has(string url, int matches)
    {
        await FillAsync();
        var answer = await server.GetAsync(url);
        Assert.Equal(200, answer.Status);
        Assert.Equal(matches, (int)answer.Json["total"]!);
    }

    [Theory]
    [InlineData("Observation?value-string=orange")]
    [InlineData("Patient?_in=Group/g1")]
    [InlineData("Location?contains=Location/l1")]
    [InlineData("Composition?section-text=a")]
    public async Task Those_that_R5_has_dropped_or_nothing_serves_are_refused(string url) => (await server.GetAsync(url)).IsRefused(400);

    [Fact]
    public async Task A_transaction_a_patch_and_the_history_of_what_they_wrote()
    {
        await FillAsync();
        var patch = """[{"op":"replace","path":"/status","value":"completed"}]""";
        Assert.Equal(200, (await server.SendAsync("PATCH", "Encounter/e1", patch, "Content-Type: application/json-patch+json")).Status);
        var history = await server.GetAsync("Encounter/e1/_history");
        Assert.Equal(["completed", "in-progress"], history.Json["entry"]!.AsArray().Select(entry => (string?)entry!["resource"]!["status"]));
        foreach (var url in new[] { "_history", "Encounter?_include=*", "MedicationRequest?_include=MedicationRequest:medication&_summary=true" })
            Assert.Empty(Validated.Errors(Release.R5, Encoding.UTF8.GetBytes((await server.GetAsync(url)).Text)));
    }

    /// <summary>One transaction with what the searches look for.</summary>
    private async Task FillAsync()
    {
        string[] resources =
        [
            Encounter,
            """{"resourceType":"Condition","id":"c1","subject":{"display":"somebody"},"clinicalStatus":{"coding":[{"code":"active"}]},"code":{"coding":[{"system":"http://a.example","code":"x"}]}}""",
            """{"resourceType":"MedicationRequest","id":"r1","status":"active","intent":"order","subject":{"display":"a"},"medication":{"concept":{"coding":[{"system":"http://a.example","code":"med"}]}}}""",
            """{"resourceType":"MedicationRequest","id":"r2","status":"active","intent":"order","subject":{"display":"a"},"medication":{"reference":{"reference":"Medication/m1"}}}""",
            """{"resourceType":"Medication","id":"m1"}""",
            """{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"colour"},"valueString":"Orange","language":"de","meta":{"profile":["http://a.example/p"]},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">an apple</div>"}}""",
            """{"resourceType":"List","id":"l1","status":"current","mode":"working","entry":[{"item":{"reference":"Medication/m1"}}]}""",
            """{"resourceType":"Location","id":"p1","position":{"longitude":11.5,"latitude":48.1}}""",
            """{"resourceType":"Appointment","id":"a1","status":"proposed","participant":[{"status":"accepted","actor":{"display":"a"}}],"requestedPeriod":[{"start":"2026-12-01","end":"2026-12-05"}]}""",
        ];
        var entries = resources.Select(resource =>
            $$$"""{"resource":{{{resource}}},"request":{"method":"PUT","url":"{{{KeyOf(resource)}}}"}}""");
        var bundle = $$"""{"resourceType":"Bundle","type":"transaction","entry":[{{string.Join(',', entries)}}]}""";
        var answer = await server.PostAsync("", bundle);
        Assert.True(answer.Status == 200, answer.Text);
        Assert.Empty(Validated.Errors(Release.R5, Encoding.UTF8.GetBytes(answer.Text)));
    }

    private static string KeyOf(string resource)
    {
        var json = System.Text.Json.Nodes.JsonNode.Parse(resource)!;
        return $"{json["resourceType"]}/{json["id"]}";
    }
}

/// <summary>And with those of R4B.</summary>
public sealed class SpeakingR4B(PostgresCluster postgres)
{
    [Fact]
    public async Task It_is_a_release_of_its_own()
    {
        await using var server = new RunningServer(postgres) { Definitions = SearchDefinitions.Of(Release.R4B) };
        await server.InitializeAsync();
        var metadata = await server.GetAsync("metadata", "Accept: application/fhir+json; fhirVersion=4.3");
        Assert.Equal("4.3.0", (string?)metadata.Json["fhirVersion"]);
        Assert.Empty(Validated.Errors(Release.R4B, Encoding.UTF8.GetBytes(metadata.Text)));
        Assert.Equal(406, (await server.GetAsync("metadata", "Accept: application/fhir+json; fhirVersion=4.0")).Status);
        // Citation came with R4B.
        var citation = """{"resourceType":"Citation","id":"c1","status":"draft","title":"On the Origin of Species"}""";
        Assert.Equal(201, (await server.PutAsync("Citation/c1", citation)).Status);
        Assert.Equal(1, (int)(await server.GetAsync("Citation?title=on the origin")).Json["total"]!);
    }
}
