using System.Diagnostics;
using System.Globalization;
using System.Text;

using EventFhir.Core.Proof;
using EventFhir.ServerTests.Running;

using Xunit;

namespace EventFhir.ServerTests;

public sealed class Proving(PostgresCluster postgres) : IAsyncLifetime
{
    private readonly RunningServer server = new(postgres);
    private readonly TemporaryFolder folder = new();

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Checkpoints_tiles_and_proofs_are_served()
    {
        Assert.Equal(404, (await server.GetAsync("../proof/checkpoint")).Status);
        for (var n = 0; n < 3; n++) await server.PutAsync("Patient/anna", Sample.Patient("anna", $"Meier{n}"));
        var (note, checkpoint) = await CheckpointAsync(atLeast: 3);
        var keys = (await server.GetAsync("../proof/keys")).Text.Split('\n')[..^1].Select(line => NoteKey.Parse(line)!).ToList();
        Assert.True(note.IsSignedBy(keys));
        Assert.Equal(new Checkpoint(keys[0].Name + "/e1", 3, checkpoint.Root), checkpoint);

        using var answer = await server.Http.GetAsync(new Uri(server.Http.BaseAddress!, "../proof/tile/0/000.p/3"), TestContext.Current.CancellationToken);
        var tile = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        Assert.Contains("immutable", answer.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        var tree = new GrowingTree(0, []);
        for (var leaf = 0; leaf < 3; leaf++) tree.Append(TreeHash.Read(tile.AsSpan(leaf * TreeHash.Bytes)));
        Assert.Equal(checkpoint.Root, tree.Root());

        var byPosition = await server.GetAsync("../proof/inclusion?position=2");
        Assert.Equal(byPosition.Text, (await server.GetAsync("../proof/inclusion?resource=Patient/anna&version=2")).Text);
        var lines = byPosition.Text.Split('\n');
        var record = Encoding.UTF8.GetString(Convert.FromBase64String(lines[1]["extra ".Length..]));
        Assert.Equal("index 1", lines[2]);
        Assert.Contains("\nposition 2\n", record, StringComparison.Ordinal);
        Assert.Contains("\nstream 0/Patient/anna\nversion 2\n", record, StringComparison.Ordinal);
        var path = lines.Skip(3).TakeWhile(line => line.Length > 0).Select(line => TreeHash.Read(Convert.FromBase64String(line)));
        Assert.True(ProofCheck.Includes(TreeHash.OfLeaf(Encoding.UTF8.GetBytes(record)), 1, 3, [.. path], checkpoint.Root));

        var consistency = (await server.GetAsync("../proof/consistency?from=2&to=3")).Json["hashes"]!.AsArray();
        var two = TreeHash.OfNode(TreeHash.Read(tile), TreeHash.Read(tile.AsSpan(32)));
        Assert.True(ProofCheck.Continues(2, two, 3, checkpoint.Root, [.. consistency.Select(hash => TreeHash.Read(Convert.FromBase64String((string)hash!)))]));
        var bundle = await server.GetAsync("../proof/tile/entries/000.p/3");
        Assert.Contains(record, bundle.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tile/0/000", 404)]
    [InlineData("tile/0/001.p/1", 404)]
    [InlineData("tile/0/1", 400)]
    [InlineData("tile/x/000", 400)]
    [InlineData("tile/0/", 400)]
    [InlineData("tile/entries/000", 404)]
    [InlineData("tile/entries/xyz", 400)]
    [InlineData("inclusion", 400)]
    [InlineData("inclusion?position=0", 400)]
    [InlineData("inclusion?position=99", 404)]
    [InlineData("inclusion?resource=Patient/nobody&version=1", 404)]
    [InlineData("inclusion?resource=Nothing/nobody&version=1", 400)]
    [InlineData("consistency?from=0&to=1", 400)]
    [InlineData("consistency?from=2&to=1", 400)]
    [InlineData("consistency?from=1&to=99", 404)]
    public async Task What_is_not_there_is_refused(string path, int status) =>
        Assert.Equal(status, (await server.GetAsync("../proof/" + path)).Status);

    [Fact]
    public async Task An_evidence_pack_is_proven_by_a_program_of_another_language_and_the_command_line_makes_the_same()
    {
        await server.PutAsync("Patient/anna", Sample.Patient("anna"), "X-Request-Id: ward-7");
        await server.PutAsync("Patient/anna", Sample.Patient("anna", "Maier"));
        await server.DeleteAsync("Patient/anna");
        using var answer = await EvidenceAsync(server);
        Assert.Equal("application/zip", answer.Content.Headers.ContentType!.MediaType);
        var pack = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        var key = (await server.GetAsync("../proof/keys")).Text.TrimEnd();
        var made = await EventFhirProcess.RunAsync(
            "evidence", "Patient/anna", "--output", folder.File("cli.zip"), "--connection", server.Connection, "--data", postgres.Folder);
        Assert.True(made.ExitCode == 0, made.Errors);

        var changed = Enumerable.Range(0, 20).Select(n => (byte[])pack.Clone()).ToList();
        var random = new Random(5);
        foreach (var copy in changed) copy[random.Next(copy.Length)] ^= 4;
        await File.WriteAllBytesAsync(folder.File("http.zip"), pack, TestContext.Current.CancellationToken);
        for (var n = 0; n < changed.Count; n++)
            await File.WriteAllBytesAsync(folder.File(n.ToString(CultureInfo.InvariantCulture)), changed[n], TestContext.Current.CancellationToken);
        var verdicts = await VerifyAsync([
            "--key", key, folder.File("http.zip"), folder.File("cli.zip"),
            .. Enumerable.Range(0, changed.Count).Select(n => folder.File(n.ToString(CultureInfo.InvariantCulture)))]);
        Assert.Equal(22, verdicts.Length);
        Assert.All(verdicts[..2], verdict => Assert.Contains(": proven: Patient/anna: 3 version(s), in ", verdict, StringComparison.Ordinal));
        Assert.All(verdicts[2..], verdict => Assert.Contains(": REFUSED: ", verdict, StringComparison.Ordinal));
    }

    [Fact]
    public async Task There_is_no_evidence_of_what_was_never_stored()
    {
        (await server.GetAsync("Patient/nobody/$evidence-pack")).IsRefused(404);
        var none = await EventFhirProcess.RunAsync("evidence", "Patient/nobody", "--connection", server.Connection, "--data", postgres.Folder);
        Assert.Equal(1, none.ExitCode);
    }

    private async Task<(SignedNote Note, Checkpoint Checkpoint)> CheckpointAsync(long atLeast)
    {
        while (true)
        {
            var answer = await server.GetAsync("../proof/checkpoint");
            if (answer.Status == 200 && SignedNote.Parse(answer.Text) is { } note && Checkpoint.Parse(note.Text) is { } checkpoint && checkpoint.Size >= atLeast)
                return (note, checkpoint);
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Of Patient/anna. Until its newest version is in a signed checkpoint, the server asks to be asked again.</summary>
    internal static async Task<HttpResponseMessage> EvidenceAsync(RunningServer server)
    {
        while (true)
        {
            var answer = await server.Http.GetAsync("Patient/anna/$evidence-pack", TestContext.Current.CancellationToken);
            if (answer.StatusCode is not System.Net.HttpStatusCode.ServiceUnavailable) return answer;
            answer.Dispose();
        }
    }

    internal static async Task<string[]> VerifyAsync(IEnumerable<string> arguments)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "EventFhir.sln"))) root = root.Parent;
        var start = new ProcessStartInfo("python3") { RedirectStandardOutput = true, UseShellExecute = false };
        start.ArgumentList.Add(Path.Combine(root.FullName, "docs/recipes/verify-evidence.py"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var lines = (await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).TrimEnd().Split('\n');
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return lines;
    }
}
