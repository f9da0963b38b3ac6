using System.Text;

using EventFhir.Core.Proof;

using Xunit;

namespace EventFhir.UnitTests.Proof;

public sealed class Checkpoints
{
    private static readonly Checkpoint Sample = new("example.org/log/e1", 20_852_163, TreeHash.OfLeaf("root"u8));

    [Fact]
    public void A_checkpoint_is_three_lines_and_is_read_back()
    {
        Assert.Equal($"example.org/log/e1\n20852163\n{Sample.Root}\n", Sample.ToString());
        Assert.Equal(Sample, Checkpoint.Parse(Sample.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("log\n1\n")]
    [InlineData("log\n01\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")]
    [InlineData("log\n-1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")]
    [InlineData("log\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n")]
    [InlineData("log\n1\nAAAA\n")]
    [InlineData("log\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")]
    public void Anything_else_is_none(string text) => Assert.Null(Checkpoint.Parse(text));

    [Fact]
    public void A_note_is_verified_by_the_key_that_signed_it_and_by_no_other()
    {
        using var signer = NoteSigner.OfPem("example.org/log", NoteSigner.NewPem());
        using var other = NoteSigner.OfPem("example.org/log", NoteSigner.NewPem());
        var note = SignedNote.Parse(SignedNote.Sign(Sample.ToString(), [signer]).ToString())!;
        Assert.Equal(Sample, Checkpoint.Parse(note.Text));
        Assert.True(note.IsSignedBy([signer.Key]));
        Assert.True(note.IsSignedBy([other.Key, signer.Key]));
        Assert.False(note.IsSignedBy([other.Key]));
        Assert.False(note.IsSignedBy([]));
        Assert.False(note.IsSignedBy([signer.Key with { Name = "example.org/other" }]));
    }

    [Fact]
    public void While_a_key_is_replaced_both_sign_and_either_is_enough()
    {
        using var old = NoteSigner.OfPem("log", NoteSigner.NewPem());
        using var next = NoteSigner.OfPem("log", NoteSigner.NewPem());
        var note = SignedNote.Parse(SignedNote.Sign(Sample.ToString(), [old, next]).ToString())!;
        Assert.Equal([old.Key.Id, next.Key.Id], note.Signatures.Select(signature => signature.KeyId));
        Assert.True(note.IsSignedBy([old.Key]));
        Assert.True(note.IsSignedBy([next.Key]));
        // A wrong signature of a known key is not made good by another.
        var mixed = note with { Signatures = [note.Signatures[0], note.Signatures[1] with { Signature = note.Signatures[0].Signature }] };
        Assert.False(mixed.IsSignedBy([old.Key, next.Key]));
    }

    [Fact]
    public void No_byte_of_a_note_changes_unseen()
    {
        using var signer = NoteSigner.OfPem("log", NoteSigner.NewPem());
        var note = Encoding.UTF8.GetBytes(SignedNote.Sign(Sample.ToString(), [signer]).ToString());
        for (var place = 0; place < note.Length; place++)
        {
            var changed = (byte[])note.Clone();
            changed[place] ^= 1;
            Assert.False(SignedNote.Parse(Encoding.UTF8.GetString(changed)) is { } parsed && parsed.IsSignedBy([signer.Key]), $"byte {place}");
        }
    }

    [Fact]
    public void A_key_is_one_line_and_is_read_back()
    {
        using var signer = NoteSigner.OfPem("example.org/log", NoteSigner.NewPem());
        var line = signer.Key.ToString();
        Assert.Equal(line, NoteKey.Parse(line)!.ToString());
        Assert.Null(NoteKey.Parse(line[..^4]));
        Assert.Null(NoteKey.Parse(line.Replace("+", "-", StringComparison.Ordinal)));
        Assert.Null(NoteKey.Parse("log+00000000+AgAA"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")]
    public void What_is_no_private_key_is_refused(string pem) => Assert.Throws<FormatException>(() => NoteSigner.OfPem("log", pem));

    [Fact]
    public void A_key_of_another_curve_is_refused()
    {
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP384);
        Assert.Throws<FormatException>(() => NoteSigner.OfPem("log", key.ExportPkcs8PrivateKeyPem()));
    }
}
