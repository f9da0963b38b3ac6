using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EventFhir.Core.Proof;

/// <summary>A public key by which notes are checked: ECDSA on P-256 with SHA-256, type 0x02 of C2SP signed-note.</summary>
/// <param name="Name">The name of the log.</param>
/// <param name="PublicKey">DER, SubjectPublicKeyInfo.</param>
public sealed record NoteKey(string Name, ReadOnlyMemory<byte> PublicKey)
{
    private const byte EcdsaType = 2;

    public uint Id => BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(PublicKey.Span));

    /// <summary>As one line: "name+0a1b2c3d+base64".</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Name}+{Id:x8}+{Convert.ToBase64String([EcdsaType, .. PublicKey.Span])}");

    public static NoteKey? Parse(string line)
    {
        if (line.Split('+', 3) is not [{ Length: > 0 } name, _, var text]) return null;
        var bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, bytes, out var written) || written < 2 || bytes[0] != EcdsaType) return null;
        var key = new NoteKey(name, bytes.AsMemory(1, written - 1));
        return key.ToString() == line ? key : null;
    }

    public bool Verifies(string text, ReadOnlySpan<byte> signature)
    {
        using var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(PublicKey.Span, out var read);
            return read == PublicKey.Length && NoteSigner.IsP256(key) && key.VerifyData(
                Encoding.UTF8.GetBytes(text), signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
