using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace EventFhir.Core.Proof;

/// <summary>One signature line of a note.</summary>
/// <param name="KeyId">The first four bytes of a hash of the key; a hint which key to try, no more.</param>
public sealed record NoteSignature(string KeyName, uint KeyId, ReadOnlyMemory<byte> Signature);

/// <summary>A text with signatures below it (C2SP signed-note).</summary>
/// <param name="Text">Ends with a line feed, which is signed too.</param>
public sealed record SignedNote(string Text, ImmutableArray<NoteSignature> Signatures)
{
    public const int SignaturesMax = 16;
    private const string Dash = "\u2014 ";

    public static SignedNote Sign(string text, IEnumerable<NoteSigner> signers) => new(text, [.. signers.Select(signer => signer.Sign(text))]);

    public override string ToString()
    {
        var note = new StringBuilder(Text).Append('\n');
        foreach (var signature in Signatures)
        {
            var bytes = new byte[4 + signature.Signature.Length];
            BinaryPrimitives.WriteUInt32BigEndian(bytes, signature.KeyId);
            signature.Signature.CopyTo(bytes.AsMemory(4));
            note.Append(Dash).Append(signature.KeyName).Append(' ').Append(Convert.ToBase64String(bytes)).Append('\n');
        }
        return note.ToString();
    }

    public static SignedNote? Parse(string note)
    {
        var end = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (end < 0 || !note.EndsWith('\n') || note.Any(character => character < ' ' && character != '\n')) return null;
        var signatures = ImmutableArray.CreateBuilder<NoteSignature>();
        foreach (var line in note[(end + 2)..^1].Split('\n'))
        {
            if (!line.StartsWith(Dash, StringComparison.Ordinal)) return null;
            if (line[Dash.Length..].Split(' ') is not [{ Length: > 0 } name, var text]) return null;
            var bytes = new byte[text.Length];
            if (!Convert.TryFromBase64String(text, bytes, out var written) || written < 5) return null;
            signatures.Add(new NoteSignature(name, BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes.AsMemory(4, written - 4)));
        }
        var parsed = new SignedNote(note[..(end + 1)], signatures.ToImmutable());
        return signatures.Count <= SignaturesMax && parsed.ToString() == note ? parsed : null;
    }

    /// <summary>True if at least one of these keys has signed, and no signature that claims to be of one of them is wrong.</summary>
    public bool IsSignedBy(IEnumerable<NoteKey> keys)
    {
        var known = keys.ToLookup(key => (key.Name, key.Id));
        var valid = 0;
        foreach (var signature in Signatures)
        {
            var candidates = known[(signature.KeyName, signature.KeyId)].ToList();
            if (candidates.Count == 0) continue;
            if (!candidates.Exists(key => key.Verifies(Text, signature.Signature.Span))) return false;
            valid++;
        }
        return valid > 0;
    }
}
