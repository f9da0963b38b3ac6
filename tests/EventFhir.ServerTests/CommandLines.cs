using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;

using EventFhir.Server;
using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

/// <summary>eventfhir as a process: data on stdout, everything else on stderr, documented exit codes.</summary>
public sealed class CommandLines(PostgresCluster postgres)
{
    [Fact]
    public async Task Version_prints_the_version_alone()
    {
        var (exitCode, output, errors) = await EventFhirProcess.RunAsync("version");
        Assert.Equal((0, "", 3), (exitCode, errors.Trim(), output.Trim().Split('.').Length));
    }

    [Theory]
    [InlineData("unknown-command")]
    [InlineData("import")]
    [InlineData("show", "Patient/1", "--version", "first")]
    [InlineData("serve", "--port", "70000")]
    [InlineData("serve", "--listen", "0.0.0.0")]
    [InlineData("serve", "--fhir", "R3")]
    [InlineData("serve", "--connection", "garbage")]
    [InlineData("verify", "--connection", "Nonsense=1")]
    public async Task Wrong_usage_is_64_with_a_message(params string[] arguments)
    {
        var (exitCode, output, errors) = await EventFhirProcess.RunAsync(arguments);
        Assert.Equal((64, ""), (exitCode, output));
        Assert.NotEmpty(errors.Trim());
    }

    [Fact]
    public async Task A_database_that_cannot_be_reached_is_69()
    {
        var (exitCode, _, errors) = await EventFhirProcess.RunAsync("verify", "--connection", "Host=127.0.0.1;Port=1;Username=nobody;Database=none;Timeout=2");
        Assert.Equal(69, exitCode);
        Assert.NotEmpty(errors.Trim());
    }

    [Fact]
    public async Task Import_show_verify_rebuild_and_again()
    {
        using var folder = new TemporaryFolder();
        var connection = await postgres.NewDatabaseAsync();
        var lines = Enumerable.Range(0, 1_500).Select(number => Sample.Observation($"o{number}", $"{number}.50"))
            .Append(Sample.Patient("p1")).Append("").Append("{\"resourceType\":\"Patient\",\"id\":\"bad\",\"gender\":\"none\"}").Append("broken");
        await File.WriteAllLinesAsync(folder.File("all.ndjson"), lines);

        var import = await EventFhirProcess.RunAsync("import", folder.Path, "--connection", connection, "--errors", folder.File("errors.txt"));
        Assert.True(import.ExitCode == 1, import.Errors);
        Assert.Equal(["Observation\t1500\t0", "Patient\t1\t0"], import.Output.Trim().Split('\n'));
        var refused = (await File.ReadAllLinesAsync(folder.File("errors.txt"))).Select(line => JsonNode.Parse(line)!).OrderBy(line => (int)line["line"]!).ToList();
        Assert.Equal([1503, 1504], refused.Select(line => (int)line["line"]!));
        Assert.Equal("Patient.gender", (string?)refused[0]["outcome"]!["issue"]![0]!["expression"]![0]);

        var again = await EventFhirProcess.RunAsync("import", folder.File("all.ndjson"), "--connection", connection);
        Assert.Equal(["Observation\t0\t1500", "Patient\t0\t1"], again.Output.Trim().Split('\n'));

        var show = await EventFhirProcess.RunAsync("show", "Observation/o7", "--connection", connection);
        Assert.Equal((0, "1"), (show.ExitCode, (string?)JsonNode.Parse(show.Output)!["meta"]!["versionId"]));
        Assert.Contains("\"value\":7.50", show.Output, StringComparison.Ordinal);
        Assert.Equal((0, show.Output), await OutputOfAsync("show", "Observation/o7", "--version", "1", "--connection", connection));
        Assert.Equal((1, ""), await OutputOfAsync("show", "Observation/unknown", "--connection", connection));
        Assert.Equal((64, ""), await OutputOfAsync("show", "Observation", "--connection", connection));

        await File.WriteAllTextAsync(folder.File("changed.ndjson"), Sample.Observation("o7", "7.51"));
        await EventFhirProcess.RunAsync("import", folder.File("changed.ndjson"), "--connection", connection);
        Assert.Equal((0, "replace Observation.value.value = 7.51\n"), await OutputOfAsync("diff", "Observation/o7", "--connection", connection));
        Assert.Equal(
            (0, "replace Observation.value.value = 7.50\n"),
            await OutputOfAsync("diff", "Observation/o7", "--from", "2", "--to", "1", "--connection", connection));
        Assert.Equal((1, ""), await OutputOfAsync("diff", "Observation/o7", "--from", "9", "--connection", connection));
        Assert.Equal((0, show.Output), await OutputOfAsync("show", "Observation/o7", "--as-of", "e1.1501", "--connection", connection));
        Assert.Equal((1, ""), await OutputOfAsync("show", "Observation/o7", "--as-of", "e1.0", "--connection", connection));
        Assert.Equal((1, ""), await OutputOfAsync("show", "Observation/o7", "--as-of", "2999-01-01T00:00:00Z", "--connection", connection));
        Assert.Equal((64, ""), await OutputOfAsync("show", "Observation/o7", "--as-of", "then", "--connection", connection));

        Assert.Equal(0, (await EventFhirProcess.RunAsync("verify", "--connection", connection)).ExitCode);
        Assert.Equal(0, (await EventFhirProcess.RunAsync("rebuild", "--connection", connection)).ExitCode);
        Assert.Equal(0, (await EventFhirProcess.RunAsync("verify", "--connection", connection)).ExitCode);
    }

    [Fact]
    public async Task A_database_of_another_release_is_refused_with_64()
    {
        using var folder = new TemporaryFolder();
        var connection = await postgres.NewDatabaseAsync();
        await File.WriteAllTextAsync(folder.File("a.ndjson"), """{"resourceType":"Transport","id":"t1","intent":"order","requestedLocation":{"display":"a"},"currentLocation":{"display":"b"}}""");
        Assert.Equal((0, "Transport\t1\t0\n"), await OutputOfAsync("import", folder.Path, "--connection", connection, "--fhir", "R5"));
        var (exitCode, output, errors) = await EventFhirProcess.RunAsync("serve", "--port", "0", "--connection", connection);
        Assert.Equal((64, ""), (exitCode, output));
        Assert.Contains("The database holds FHIR R5, so it cannot be opened for R4.", errors, StringComparison.Ordinal);
        Assert.Equal(0, (await OutputOfAsync("show", "Transport/t1", "--connection", connection, "--fhir", "R5")).ExitCode);
        foreach (var command in new[] { "verify", "rebuild" })
        {
            Assert.Equal(64, (await OutputOfAsync(command, "--connection", connection, "--fhir", "R4B")).ExitCode);
            Assert.Equal(0, (await OutputOfAsync(command, "--connection", connection, "--fhir", "R5")).ExitCode);
        }
    }

    [Fact]
    public async Task Import_reads_bundles_archives_and_compressed_files()
    {
        using var folder = new TemporaryFolder();
        var connection = await postgres.NewDatabaseAsync();
        var uuid = Sample.Id();
        var bundle = $$$"""
            {"resourceType":"Bundle","type":"transaction","entry":[
              {"fullUrl":"urn:uuid:{{{uuid}}}","resource":{{{Sample.Patient()}}},"request":{"method":"POST","url":"Patient"}},
              {"resource":{{{Sample.Observation("o1")}}}}]}
            """;
        await File.WriteAllTextAsync(folder.File("bundle.json"), bundle);
        await using (var gzip = new GZipStream(File.Create(folder.File("more.ndjson.gz")), CompressionLevel.Fastest))
            gzip.Write(Encoding.UTF8.GetBytes(Sample.Patient("p2") + "\n" + Sample.Patient("p3")));
        await WriteArchiveAsync(folder.File("package.tgz"), ("package/package.json", "{\"name\":\"x\"}"), ("package/Patient-p4.json", Sample.Patient("p4")));

        var import = await EventFhirProcess.RunAsync("import", folder.Path, "--connection", connection);
        Assert.True(import.ExitCode == 0, import.Errors);
        Assert.Equal(["Observation\t1\t0", "Patient\t4\t0"], import.Output.Trim().Split('\n'));
        foreach (var id in new[] { uuid, "p2", "p3", "p4" })
            Assert.Equal(0, (await EventFhirProcess.RunAsync("show", $"Patient/{id}", "--connection", connection)).ExitCode);
    }

    [Fact]
    public async Task Damaged_files_are_reported_and_the_rest_is_stored()
    {
        using var folder = new TemporaryFolder();
        var connection = await postgres.NewDatabaseAsync();
        await File.WriteAllTextAsync(folder.File("a.tgz"), "this is no archive");
        await File.WriteAllTextAsync(folder.File("b.ndjson.gz"), "nor is this compressed");
        await File.WriteAllTextAsync(folder.File("c.tar"), new string('x', 2_000));
        await File.WriteAllTextAsync(folder.File("d.ndjson"), Sample.Patient("p1"));

        var import = await EventFhirProcess.RunAsync("import", folder.Path, "--connection", connection);
        Assert.True(import.ExitCode == 1, import.Errors);
        Assert.Equal("Patient\t1\t0", import.Output.Trim());
        foreach (var name in new[] { "a.tgz", "b.ndjson.gz", "c.tar" }) Assert.Contains(name + ": ", import.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_journal_lets_an_import_go_on()
    {
        using var folder = new TemporaryFolder();
        var connection = await postgres.NewDatabaseAsync();
        await File.WriteAllLinesAsync(folder.File("a.ndjson"), Enumerable.Range(0, 20).Select(number => Sample.Patient($"p{number}")));
        string[] command = ["import", folder.File("a.ndjson"), "--connection", connection, "--journal", folder.File("journal")];
        Assert.Equal((0, "Patient\t20\t0\n"), await OutputOfAsync(command));
        Assert.Equal((0, ""), await OutputOfAsync(command));
    }

    [Fact]
    public async Task An_interrupted_import_loses_nothing_when_it_goes_on()
    {
        // An import that has ended before it could be interrupted proves nothing: then it is tried with more.
        for (var count = 20_000; !await InterruptedGoesOnAsync(count); count *= 4) Assert.True(count < 1_000_000, "No import could be interrupted.");
    }

    /// <summary>False if the import had ended before.</summary>
    private async Task<bool> InterruptedGoesOnAsync(int count)
    {
        using var folder = new TemporaryFolder();
        var connection = await postgres.NewDatabaseAsync();
        await File.WriteAllLinesAsync(folder.File("a.ndjson"), Enumerable.Range(0, count).Select(number => Sample.Patient($"p{number}")));
        string[] command = ["import", folder.File("a.ndjson"), "--connection", connection, "--journal", folder.File("journal")];
        await using (var interrupted = EventFhirProcess.Start(command))
        {
            await UntilJournalAsync(interrupted, folder);
            var ended = await interrupted.StopAsync();
            if (ended == 0) return false;
            Assert.True(ended == 130, $"{ended}: {interrupted.Errors}");
        }
        var (exitCode, _, errors) = await EventFhirProcess.RunAsync(command);
        Assert.True(exitCode == 0, errors);
        var verify = await EventFhirProcess.RunAsync("verify", "--connection", connection);
        Assert.Contains($"{count} resources: clean", verify.Errors, StringComparison.Ordinal);
        return true;
    }

    /// <summary>Waits until an import has noted what it has stored.</summary>
    private static async Task UntilJournalAsync(EventFhirProcess import, TemporaryFolder folder)
    {
        for (var patience = Stopwatch.StartNew(); !File.Exists(folder.File("journal")); await Task.Delay(20))
        {
            Assert.True(patience.Elapsed < TimeSpan.FromMinutes(5), "The import has stored nothing for five minutes.");
            if (import.Process.HasExited) return;
        }
    }

    [Fact]
    public async Task A_killed_import_loses_nothing_when_it_is_repeated()
    {
        const int count = 20_000;
        using var folder = new TemporaryFolder();
        var connection = await postgres.NewDatabaseAsync();
        var lines = Enumerable.Range(0, count).Select(number => Sample.Observation($"o{number}"));
        await File.WriteAllLinesAsync(folder.File("a.ndjson"), lines);
        string[] import = ["import", folder.File("a.ndjson"), "--connection", connection];
        await using (var killed = EventFhirProcess.Start([.. import, "--journal", folder.File("journal")]))
        {
            await UntilJournalAsync(killed, folder);
            await killed.KillAsync();
        }
        // Without the journal: all is sent again, and what is stored is found.
        var (exitCode, output, errors) = await EventFhirProcess.RunAsync(import);
        Assert.True(exitCode == 0, errors);
        var counts = output.Trim().Split('\t')[1..].Select(number => int.Parse(number, System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.True(counts[1] > 0, "Nothing had been stored when the import was killed.");
        Assert.Equal(count, counts.Sum());
        var verify = await EventFhirProcess.RunAsync("verify", "--connection", connection);
        Assert.Contains($"{count} events, {count} resources: clean", verify.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_of_what_is_not_there_is_66() =>
        Assert.Equal(66, (await EventFhirProcess.RunAsync("import", "/no/such/file.ndjson", "--connection", await postgres.NewDatabaseAsync())).ExitCode);

    [Fact]
    public async Task Migrations_are_listed_and_applied()
    {
        var connection = await postgres.NewDatabaseAsync();
        Assert.Equal(1, (await EventFhirProcess.RunAsync("migrate", "status", "--connection", connection)).ExitCode);
        Assert.Equal(0, (await EventFhirProcess.RunAsync("migrate", "up", "--connection", connection)).ExitCode);
        var (exitCode, output, _) = await EventFhirProcess.RunAsync("migrate", "status", "--connection", connection);
        Assert.Equal(0, exitCode);
        Assert.NotEmpty(output);
    }

    [Fact]
    public void Every_setting_is_documented()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "EventFhir.sln"))) folder = folder.Parent!;
        var page = File.ReadAllText(Path.Combine(folder.FullName, "docs/configuration.md"));
        Assert.All(Settings.All, setting => Assert.Contains($"| `{setting.Name}` | {(setting.Default.Length > 0 ? $"`{setting.Default}` " : "")}|", page, StringComparison.Ordinal));
    }

    private static async Task<(int ExitCode, string Output)> OutputOfAsync(params string[] arguments)
    {
        var (exitCode, output, _) = await EventFhirProcess.RunAsync(arguments);
        return (exitCode, output);
    }

    private static async Task WriteArchiveAsync(string path, params (string Name, string Text)[] files)
    {
        await using var gzip = new GZipStream(File.Create(path), CompressionLevel.Fastest);
        await using var archive = new TarWriter(gzip);
        foreach (var (name, text) in files)
            await archive.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
    }
}
