using System.Collections.Immutable;
using System.Diagnostics;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

using EventFhir.Core.Proof;

using Xunit;

namespace EventFhir.UnitTests.Proof;

/// <summary>The verifier is docs/recipes/verify-evidence.py: another program in another language.</summary>
public sealed class EvidencePacks : IDisposable
{
    private static readonly DateTimeOffset Time = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("eventfhir-evidence-");
    private readonly NoteSigner signer = NoteSigner.OfPem("example.org/log", NoteSigner.NewPem());
    private readonly NoteSigner next = NoteSigner.OfPem("example.org/log", NoteSigner.NewPem());

    public void Dispose()
    {
        folder.Delete(recursive: true);
        signer.Dispose();
        next.Dispose();
    }

    [Fact]
    public async Task A_pack_is_proven()
    {
        var pack = Pack().Write([signer, next]);
        Assert.Equal(
            "proven: Patient/anna: 3 version(s), in example.org/log/e1 of size 700", Assert.Single(await VerifyAsync([pack], signer.Key)));
        Assert.Equal(
            "proven: Patient/anna: 3 version(s), in example.org/log/e1 of size 700; keys were not compared",
            Assert.Single(await VerifyAsync([pack])));
    }

    [Fact]
    public async Task A_pack_of_another_log_is_refused()
    {
        using var stranger = NoteSigner.OfPem("example.org/log", NoteSigner.NewPem());
        var verdict = Assert.Single(await VerifyAsync([Pack().Write([signer, next])], stranger.Key));
        Assert.StartsWith("REFUSED", verdict, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_program_can_unpack_it()
    {
        using var zip = new ZipArchive(new MemoryStream(Pack().Write([signer])));
        using var body = new StreamReader(zip.GetEntry("versions/2.json")!.Open());
        Assert.Equal(Body(2), body.ReadToEnd());
    }

    [Fact]
    public async Task Erased_versions_are_proven_without_their_bodies_if_the_erasure_is_there()
    {
        var verdicts = await VerifyAsync([Pack(kindOfLast: 5, Erased).Write([signer, next]), Pack(kindOfLast: 3, Erased).Write([signer, next])]);
        Assert.StartsWith("proven: Patient/anna: 3 version(s), 2 of them erased", verdicts[0], StringComparison.Ordinal);
        Assert.Equal("REFUSED: a body is missing without an erasure", verdicts[1]);

        static EvidenceVersion Erased(EvidenceVersion version) => version.Leaf.Version < 3 ? version with { Salt = null, Body = null } : version;
    }

    [Fact]
    public async Task No_byte_of_a_pack_changes_unseen()
    {
        var random = new Random(3);
        var pack = Pack().Write([signer]);
        var places = Enumerable.Range(0, pack.Length).Where(place => place < 200 || place > pack.Length - 200 || random.Next(20) == 0);
        var changed = places.Select(place => With(pack, place, (byte)(1 << random.Next(8)))).ToList();
        var verdicts = await VerifyAsync([.. changed, pack[..^1], [.. pack, 0], [], pack]);
        Assert.All(verdicts[..^1], verdict => Assert.StartsWith("REFUSED", verdict, StringComparison.Ordinal));
        Assert.StartsWith("proven", verdicts[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_server_itself_would_sign_falsely_is_refused()
    {
        // Signed and whole, but each of them claims something that the tree does not have.
        (string Why, Func<EvidenceVersion, EvidenceVersion> Lie)[] lies =
        [
            ("version 2 is not what was stored", version => version with { Body = [.. version.Body!, (byte)' '] }),
            ("version 2 is not what was stored", version => version with { Salt = new byte[16] }),
            ("version 2 is not in the tree", version => version with { Leaf = version.Leaf with { RecordedAt = Time.AddDays(1) } }),
            ("version 2 is not in the tree", version => version with { Leaf = version.Leaf with { Position = version.Leaf.Position + 1 } }),
            ("the origin of version 2 is not that of the record", version => version with { Origin = version.Origin with { Facts = [new("actor", "Practitioner/moriarty")] } }),
            ("the origin of version 2 is that of another event", version => version with { Origin = new EventOrigin(Guid.NewGuid(), []) }),
            ("version 2 is not in the tree", version => version with { Path = version.Path.SetItem(1, version.Leaf.Hash()) }),
            ("a path is too short", version => version with { Path = version.Path[..^1] }),
        ];
        var packs = lies.Select(lie => Pack(lie: version => version.Leaf.Version == 2 ? lie.Lie(version) : version).Write([signer])).ToList();
        var (whole, other) = (Pack(), Pack() with { Resource = "Patient/ben" });
        var verdicts = await VerifyAsync([.. packs, (whole with { Versions = whole.Versions.RemoveAt(1) }).Write([signer]), other.Write([signer])]);
        Assert.Equal(
            [.. lies.Select(lie => "REFUSED: " + lie.Why), "REFUSED: versions are missing", "REFUSED: the record of version 1 is of another one"], verdicts);
    }

    private static string Body(int version) =>
        $$"""{"resourceType":"Patient","id":"anna","meta":{"versionId":"{{version}}"},"name":[{"given":["Anna"]}]}""";

    private static byte[] With(byte[] pack, int place, byte change)
    {
        var changed = (byte[])pack.Clone();
        changed[place] ^= change;
        return changed;
    }

    private EvidencePack Pack(int kindOfLast = 3, Func<EvidenceVersion, EvidenceVersion>? lie = null)
    {
        var tree = SampleTree.Of(100);
        var versions = new List<EvidenceVersion>();
        for (var number = 1; number <= 3; number++)
        {
            var (salt, body) = (RandomNumberGenerator.GetBytes(16), number < 3 ? Encoding.UTF8.GetBytes(Body(number)) : null);
            var origin = new EventOrigin(Guid.NewGuid(), [new("actor", "Practitioner/house"), new("reason", "it is\nnever lupus")]);
            var leaf = new LeafRecord(
                tree.Leaves.Count + 1, origin.EventId, "0/Patient/anna", number, number < 3 ? number : kindOfLast, Time.AddMinutes(number),
                Guid.NewGuid(), origin.Hash(), TreeHash.Read(SHA256.HashData([.. salt, .. body ?? []])), new StorageFacts(90 + number, 5, 1, 0, "4.0.1"));
            tree.Append(leaf.Hash());
            tree.Grow(199);
            versions.Add(new EvidenceVersion(leaf, origin, salt, body, []));
        }
        var checkpoint = SignedNote.Sign(new Checkpoint("example.org/log/e1", tree.Leaves.Count, tree.Keep()).ToString(), [signer]).ToString();
        var proven = versions.Select(version => version with { Path = tree.Inclusion(version.Leaf.Position - 1, tree.Leaves.Count) });
        return new EvidencePack("Patient/anna", Time, checkpoint, [signer.Key, next.Key], [.. proven.Select(lie ?? (version => version))]);
    }

    /// <summary>The verifier's verdict on each pack.</summary>
    private async Task<List<string>> VerifyAsync(IReadOnlyList<byte[]> packs, params NoteKey[] keys)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "EventFhir.sln"))) root = root.Parent;
        var start = new ProcessStartInfo("python3") { WorkingDirectory = folder.FullName, RedirectStandardOutput = true, UseShellExecute = false };
        start.ArgumentList.Add(Path.Combine(root.FullName, "docs/recipes/verify-evidence.py"));
        foreach (var key in keys)
        {
            start.ArgumentList.Add("--key");
            start.ArgumentList.Add(key.ToString());
        }
        for (var number = 0; number < packs.Count; number++)
        {
            await File.WriteAllBytesAsync(Path.Combine(folder.FullName, $"{number}.zip"), packs[number], TestContext.Current.CancellationToken);
            start.ArgumentList.Add($"{number}.zip");
        }
        using var process = Process.Start(start)!;
        var lines = (await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).TrimEnd().Split('\n');
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(packs.Count, lines.Length);
        Assert.Equal(lines.Any(line => line.Contains("REFUSED", StringComparison.Ordinal)) ? 1 : 0, process.ExitCode);
        return [.. lines.Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..])];
    }
}
