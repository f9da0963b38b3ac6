using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace EventFhir.Core.Proof;

/// <summary>
/// What the tree proves of one event, as text that a person can read and any program can make again (docs/proof.md). It has no content: the body
/// is there by its commitment only, so that it can be erased and all proofs remain.
/// </summary>
/// <param name="Position">In the feed, from 1; the leaf's index in the tree is one less.</param>
/// <param name="Stream">"0/Patient/anna": the tenant, the resource type and the id.</param>
/// <param name="Kind">The number of <c>es.event.kind</c>.</param>
/// <param name="RecordedAt">To the microsecond.</param>
/// <param name="Origin">Who and why (<see cref="EventOrigin.Hash"/>), 32 bytes.</param>
/// <param name="BodyCommitment">SHA-256 of salt and body, 32 bytes.</param>
public sealed record LeafRecord(
    long Position,
    Guid EventId,
    string Stream,
    int Version,
    int Kind,
    DateTimeOffset RecordedAt,
    Guid Transaction,
    TreeHash Origin,
    TreeHash BodyCommitment,
    StorageFacts Storage)
{
    private const string Form = "eventfhir-leaf/1";
    private const int UsualBytesMax = 1_023;

    /// <summary>The record as it is hashed: lines in UTF-8, each ending with a line feed.</summary>
    public override string ToString() => Encoding.UTF8.GetString(ToBytes());

    public byte[] ToBytes()
    {
        for (var size = UsualBytesMax; ; size *= 2)
        {
            var buffer = new byte[size];
            if (TryWrite(buffer, out var written)) return buffer[..written];
        }
    }

    /// <summary>Without the detour over a text: it is done for every event.</summary>
    public TreeHash Hash()
    {
        Span<byte> buffer = stackalloc byte[1 + UsualBytesMax];
        buffer[0] = 0;
        return TryWrite(buffer[1..], out var written) ? TreeHash.OfPrefixed(buffer[..(1 + written)]) : TreeHash.OfLeaf(ToBytes());
    }

    private bool TryWrite(Span<byte> buffer, out int written) => Utf8.TryWrite(
        buffer,
        CultureInfo.InvariantCulture,
        $"""
        {Form}
        position {Position}
        event {EventId:D}
        stream {Stream}
        version {Version}
        kind {Kind}
        recorded {RecordedAt.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'}
        transaction {Transaction:D}
        origin {Origin.A:x16}{Origin.B:x16}{Origin.C:x16}{Origin.D:x16}
        body {BodyCommitment.A:x16}{BodyCommitment.B:x16}{BodyCommitment.C:x16}{BodyCommitment.D:x16}
        storage {Storage.Seq} {Storage.Rid} {Storage.SchemaVersion} {Storage.Codec} {Storage.FhirVersion}

        """,
        out written);
}

/// <summary>
/// How the database keeps an event; in the leaf so that nothing of a row can change unseen. The number of the database's transaction is not
/// among it: it means something in one cluster only, and changes when a log is moved to another.
/// </summary>
/// <param name="Seq">The order of allocation.</param>
/// <param name="Rid">The surrogate of the stream.</param>
public sealed record StorageFacts(long Seq, long Rid, int SchemaVersion, int Codec, string FhirVersion);
