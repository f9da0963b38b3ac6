using System.Globalization;
using System.Text;

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

    /// <summary>The record as it is hashed: lines in UTF-8, each ending with a line feed.</summary>
    public override string ToString() => string.Create(
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
        origin {Hex(Origin)}
        body {Hex(BodyCommitment)}
        storage {Storage.Seq} {Storage.Rid} {Storage.SchemaVersion} {Storage.Codec} {Storage.FhirVersion}

        """);

    public byte[] ToBytes() => Encoding.UTF8.GetBytes(ToString());

    public TreeHash Hash() => TreeHash.OfLeaf(ToBytes());

    private static string Hex(TreeHash hash) => Convert.ToHexStringLower(hash.ToArray());
}

/// <summary>
/// How the database keeps an event; in the leaf so that nothing of a row can change unseen. The number of the database's transaction is not
/// among it: it means something in one cluster only, and changes when a log is moved to another.
/// </summary>
/// <param name="Seq">The order of allocation.</param>
/// <param name="Rid">The surrogate of the stream.</param>
public sealed record StorageFacts(long Seq, long Rid, int SchemaVersion, int Codec, string FhirVersion);
