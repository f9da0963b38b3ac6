using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EventFhir.Core.Proof;

/// <summary>One version of a resource with all that its proof needs.</summary>
/// <param name="Salt">Null if the version is erased.</param>
/// <param name="Body">The stored text; null of a delete, and if the version is erased.</param>
/// <param name="Path">The inclusion proof of the leaf in the pack's checkpoint.</param>
public sealed record EvidenceVersion(
    LeafRecord Leaf, EventOrigin Origin, byte[]? Salt, byte[]? Body, ImmutableArray<TreeHash> Path);

/// <summary>
/// Everything that proves the versions of a resource to somebody who has neither the server nor its database (docs/proof.md). The manifest names
/// the hash of each file and is signed by the keys of the log, so that no byte of a pack can change unseen.
/// </summary>
/// <param name="Resource">"Patient/anna".</param>
/// <param name="Checkpoint">A signed note, as text.</param>
/// <param name="Keys">Every key that the log has signed with.</param>
public sealed record EvidencePack(
    string Resource, DateTimeOffset MadeAt, string Checkpoint, ImmutableArray<NoteKey> Keys, ImmutableArray<EvidenceVersion> Versions)
{
    public const string MediaType = "application/zip";
    private const string Form = "eventfhir-evidence/1";

    /// <summary>The archive; the same content and signatures always give the same bytes.</summary>
    public byte[] Write(IEnumerable<NoteSigner> signers)
    {
        var files = ImmutableArray.CreateBuilder<PackFile>();
        files.Add(PackFile.OfText("README.txt", Readme()));
        files.Add(PackFile.OfText("checkpoint.txt", Checkpoint));
        files.Add(PackFile.OfText("keys.txt", string.Concat(Keys.Select(key => $"{key}\n"))));
        foreach (var version in Versions)
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"versions/{version.Leaf.Version}");
            files.Add(PackFile.OfText(path + ".leaf", version.Leaf.ToString()));
            files.Add(PackFile.OfText(path + ".origin", version.Origin.ToString()));
            files.Add(PackFile.OfText(path + ".tlog-proof", new InclusionProof(version.Leaf, version.Path, Checkpoint).ToString()));
            if (version.Salt is { } salt) files.Add(new PackFile(path + ".salt", salt));
            if (version.Body is { } body) files.Add(new PackFile(path + ".json", body));
        }
        files.Insert(0, PackFile.OfText("manifest.txt", SignedNote.Sign(ManifestOf(files), signers).ToString()));
        return StoredZip.Write(files.ToImmutable());
    }

    private string ManifestOf(IEnumerable<PackFile> files)
    {
        var manifest = new StringBuilder().Append(
            CultureInfo.InvariantCulture, $"{Form}\nresource {Resource}\nmade {MadeAt.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}\n");
        foreach (var file in files)
            manifest.Append(CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(SHA256.HashData(file.Content.Span))} {file.Path}\n");
        return manifest.ToString();
    }

    private string Readme() => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        Evidence for {Resource}: {Versions.Length} version(s), made {MadeAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC.

        manifest.txt          the SHA-256 of every other file, signed by the log
        checkpoint.txt        size and root hash of the log's Merkle tree, signed by the log (C2SP tlog-checkpoint)
        keys.txt              the public keys of the log (C2SP signed-note, ECDSA P-256)
        versions/N.leaf       the record of version N; SHA-256 of a zero byte and this file is the leaf in the tree (RFC 6962)
        versions/N.origin     who made it and why; its SHA-256 is in the record
        versions/N.json       the resource as it was stored, byte by byte; none for a delete, and none if it was erased
        versions/N.salt       SHA-256 of this file and the resource is the commitment in the record
        versions/N.tlog-proof the way from the leaf to the root of the checkpoint (C2SP tlog-proof)

        Check it without the server: python3 verify-evidence.py --key KEY pack.zip
        KEY is a line of keys.txt that you got from the operator of the log in another way than with this pack.

        What it proves: the log held exactly these versions, made by whom the record says, at these places, when the checkpoint was signed.
        What it cannot prove: that nothing was left out before it was stored, and that the clock and the names that the server was told were right.

        """);
}
