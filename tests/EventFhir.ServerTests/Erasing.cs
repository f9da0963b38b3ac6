using System.Diagnostics;
using System.Text.RegularExpressions;

using EventFhir.Core.Proof;
using EventFhir.ServerTests.Running;

using Npgsql;

using Xunit;

namespace EventFhir.ServerTests;

public sealed class Erasing(PostgresCluster postgres) : IAsyncLifetime
{
    private readonly RunningServer server = new(postgres);

    private static readonly string Ann = Actor("ann");
    private static readonly string Ben = Actor("ben");
    private static readonly string Basis = Parameters("""{"name":"legalBasis","valueString":"Art. 17 (1) b GDPR"}""");

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task After_an_erasure_nothing_of_the_content_is_left_and_all_proofs_hold()
    {
        await server.PutAsync("Patient/other", Sample.Patient("other", "Shared"));
        await server.PutAsync("Patient/anna", Secret("Zaubervogel"), "Idempotency-Key: anna-1");
        await server.PutAsync("Patient/anna", Secret("Quastenflosser"));
        await server.PutAsync("Observation/sugar", Sample.Observation("sugar"));
        var before = await ProofAsync("Patient/anna", 2);
        Assert.Contains("Zaubervogel", await DumpAsync(), StringComparison.Ordinal);

        var rehearsed = await server.PostAsync("Patient/anna/$erase", Parameters("""{"name":"dryRun","valueBoolean":true}"""), Ann);
        Assert.Equal("rehearsed", Fact(rehearsed, "status"));
        Assert.True(long.Parse(Fact(rehearsed, "derivedRows"), System.Globalization.CultureInfo.InvariantCulture) > 5);
        Assert.Contains("Quastenflosser", (await server.GetAsync("Patient/anna")).Text, StringComparison.Ordinal);

        var requested = await server.PostAsync("Patient/anna/$erase", Basis, Ann);
        Assert.Equal((202, "requested"), (requested.Status, Fact(requested, "status")));
        var approval = Parameters($$"""{"name":"request","valueString":"{{Fact(requested, "request")}}"}""");
        (await server.PostAsync("Patient/anna/$erase", approval, Ann)).IsRefused(403);
        Assert.Equal(200, (await server.GetAsync("Patient/anna")).Status);
        var erased = await server.PostAsync("Patient/anna/$erase", approval, Ben);
        Assert.Equal((200, "erased"), (erased.Status, Fact(erased, "status")));

        var dump = await DumpAsync();
        foreach (var word in (string[])["Zaubervogel", "zaubervogel", "Quastenflosser", "quastenflosser", "Geheimrat", "geheimrat", "1901-02-03", "MRN-4711"])
            Assert.DoesNotContain(word, dump, StringComparison.Ordinal);
        Assert.Contains("Shared", dump, StringComparison.Ordinal);

        foreach (var url in (string[])["Patient/anna", "Patient/anna/_history/1", "Patient/anna/_history/2", "Patient/anna/_history/4", "Patient/anna/_history"])
            Assert.Contains("erased", (await server.GetAsync(url)).IsRefused(410).Text, StringComparison.Ordinal);
        (await server.GetAsync("Patient/anna/_history/3")).IsRefused(410);
        var history = await server.GetAsync("Patient/_history");
        Assert.Equal(200, history.Status);
        Assert.Equal(5, history.Json["entry"]!.AsArray().Count);
        Assert.Equal(0, (int)(await server.GetAsync("Patient?family=Zaubervogel")).Json["total"]!);
        Assert.Equal(1, (int)(await server.GetAsync("Patient?family=Shared")).Json["total"]!);
        (await server.PostAsync("Patient/anna/$erase", Basis, Ann)).IsRefused(410);

        // The proof from before is a proof still, and the newest tree has the same leaf; the erasure is a leaf as well.
        Assert.True(Holds(before));
        var after = await ProofAsync("Patient/anna", 2);
        Assert.Equal(before.Record, after.Record);
        Assert.True(Holds(after));
        Assert.Contains("\nkind 5\n", (await ProofAsync("Patient/anna", 4)).Record, StringComparison.Ordinal);
        await IsCleanAsync();
        Assert.Equal(0, (await EventFhirProcess.RunAsync("rebuild", "--connection", server.Connection, "--data", postgres.Folder)).ExitCode);
        await IsCleanAsync();

        using var answer = await Proving.EvidenceAsync(server);
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.File("pack.zip"), await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        Assert.Contains("proven: Patient/anna: 4 version(s), 3 of them erased", (await Proving.VerifyAsync([folder.File("pack.zip")]))[0], StringComparison.Ordinal);

        // The id may be used again; what was erased stays so.
        Assert.Equal(201, (await server.PutAsync("Patient/anna", Sample.Patient("anna", "Neu"))).Status);
        Assert.Equal(200, (await server.GetAsync("Patient/anna")).Status);
        (await server.GetAsync("Patient/anna/_history/1")).IsRefused(410);
        var again = await server.GetAsync("Patient/anna/_history");
        Assert.Equal(5, again.Json["entry"]!.AsArray().Count);
        Assert.Single(again.Json["entry"]!.AsArray(), entry => entry!["resource"] is not null);
        await IsCleanAsync();
    }

    [Fact]
    public async Task A_legal_hold_blocks_it()
    {
        await server.PutAsync("Patient/held", Sample.Patient("held"));
        var requested = await server.PostAsync("Patient/held/$erase", Basis, Ann);
        var reason = Parameters("""{"name":"reason","valueString":"lawsuit 7 O 12/26"}""");
        Assert.Equal("held", Fact(await server.PostAsync("Patient/held/$hold", reason, Ben), "status"));
        (await server.PostAsync("Patient/held/$erase", Basis, Ann)).IsRefused(409);
        var approval = Parameters($$"""{"name":"request","valueString":"{{Fact(requested, "request")}}"}""");
        (await server.PostAsync("Patient/held/$erase", approval, Ben)).IsRefused(409);
        Assert.Equal(200, (await server.GetAsync("Patient/held")).Status);
        Assert.Equal("1", Fact(await server.PostAsync("Patient/held/$lift-hold", reason, Ben), "holds"));
        Assert.Equal(200, (await server.PostAsync("Patient/held/$erase", approval, Ben)).Status);
    }

    [Fact]
    public async Task What_lacks_a_person_a_reason_or_a_request_is_refused()
    {
        await server.PutAsync("Patient/kept", Sample.Patient("kept"));
        (await server.PostAsync("Patient/kept/$erase", Basis)).IsRefused(400);
        (await server.PostAsync("Patient/kept/$hold", Basis, Ann)).IsRefused(400);
        (await server.PostAsync("Patient/kept/$erase", Parameters("""{"name":"legalBasis","valueString":" "}"""), Ann)).IsRefused(400);
        (await server.PostAsync("Patient/kept/$erase", Parameters("""{"name":"request","valueString":"x"}"""), Ann)).IsRefused(400);
        (await server.PostAsync("Patient/kept/$erase", Parameters($$"""{"name":"request","valueString":"{{Guid.NewGuid()}}"}"""), Ann)).IsRefused(404);
        (await server.PostAsync("Patient/nobody/$erase", Basis, Ann)).IsRefused(404);
        Assert.Equal(200, (await server.GetAsync("Patient/kept")).Status);
    }

    private static string Actor(string name) =>
        $$$"""X-Provenance: {"resourceType":"Provenance","recorded":"2026-01-01T00:00:00Z","agent":[{"who":{"reference":"Practitioner/{{{name}}}"}}]}""";

    private static string Parameters(string parameter) => $$"""{"resourceType":"Parameters","parameter":[{{parameter}}]}""";

    private static string Secret(string family) => $$"""
        {"resourceType":"Patient","id":"anna","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{{family}}</div>"},
        "identifier":[{"system":"http://example.org/mrn","value":"MRN-4711"}],"name":[{"family":"{{family}}"},{"family":"Shared"}],"birthDate":"1901-02-03",
        "maritalStatus":{"text":"Geheimrat"},"address":[{"city":"{{family}}stadt"}]}
        """;

    private static string Fact(HttpAnswer answer, string name) =>
        (string)answer.Json["parameter"]!.AsArray().Single(parameter => (string?)parameter!["name"] == name)!["valueString"]!;

    private static bool Holds((string Record, long Index, TreeHash[] Path, Checkpoint Checkpoint) proof) => ProofCheck.Includes(
        TreeHash.OfLeaf(System.Text.Encoding.UTF8.GetBytes(proof.Record)), proof.Index, proof.Checkpoint.Size, [.. proof.Path], proof.Checkpoint.Root);

    private async Task<(string Record, long Index, TreeHash[] Path, Checkpoint Checkpoint)> ProofAsync(string resource, int version)
    {
        while (true)
        {
            var answer = await server.GetAsync($"../proof/inclusion?resource={resource}&version={version}");
            if (answer.Status == 200 && Regex.Match(answer.Text, "^c2sp.org/tlog-proof@v1\nextra (.*)\nindex (.*)\n((?:.+\n)*)\n((?:.+\n)+)\n") is { Success: true } found)
            {
                var path = found.Groups[3].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(hash => TreeHash.Read(Convert.FromBase64String(hash)));
                var record = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(found.Groups[1].Value));
                return (record, long.Parse(found.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture), [.. path], Checkpoint.Parse(found.Groups[4].Value)!);
            }
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private async Task IsCleanAsync()
    {
        var verified = await EventFhirProcess.RunAsync("verify", "--connection", server.Connection, "--data", postgres.Folder);
        Assert.True(verified.ExitCode == 0, verified.Output + verified.Errors);
    }

    private async Task<string> DumpAsync()
    {
        var connection = new NpgsqlConnectionStringBuilder(server.Connection);
        await using var database = NpgsqlDataSource.Create(connection);
        await using var command = database.CreateCommand("select setting from pg_config where name = 'BINDIR'");
        var folder = (string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
        var start = new ProcessStartInfo(Path.Combine(folder, "pg_dump")) { RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var argument in (string[])["-h", connection.Host!, "-p", $"{connection.Port}", "-U", connection.Username!, connection.Database!]) start.ArgumentList.Add(argument);
        start.Environment["PGPASSWORD"] = connection.Password;
        using var process = Process.Start(start)!;
        var dump = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        return dump;
    }
}
