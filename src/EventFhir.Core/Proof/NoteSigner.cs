using System.Security.Cryptography;
using System.Text;

namespace EventFhir.Core.Proof;

/// <summary>A private key that signs notes. Disposing it forgets the key.</summary>
public sealed class NoteSigner : IDisposable
{
    private const string P256 = "1.2.840.10045.3.1.7";
    private readonly ECDsa key;

    private NoteSigner(string name, ECDsa key) => (this.key, Key) = (key, new NoteKey(name, key.ExportSubjectPublicKeyInfo()));

    public NoteKey Key { get; }

    /// <summary>A new private key, PEM of PKCS #8.</summary>
    public static string NewPem()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKeyPem();
    }

    /// <param name="name">The name of the log.</param>
    /// <param name="pem">A private key of the curve P-256, PKCS #8 or SEC 1, not encrypted.</param>
    /// <exception cref="FormatException">It is none.</exception>
    public static NoteSigner OfPem(string name, string pem)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            if (IsP256(key)) return new NoteSigner(name, key);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw new FormatException("The key is no private key in PEM.", exception);
        }
        key.Dispose();
        throw new FormatException("The key is not of the curve P-256.");
    }

    public NoteSignature Sign(string text) => new(
        Key.Name, Key.Id, key.SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));

    public void Dispose() => key.Dispose();

    internal static bool IsP256(ECDsa key) => key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == P256;
}
