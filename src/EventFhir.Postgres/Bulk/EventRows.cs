using System.Globalization;
using System.Security.Cryptography;
using System.Text;

using EventFhir.Core.Events;
using EventFhir.Model.Definitions;
using EventFhir.Postgres.Writing;

namespace EventFhir.Postgres.Bulk;

/// <summary>What es.stream gave the resources of a batch, in the batch's order.</summary>
internal readonly record struct StreamNumbers(long[] Rids, long[] Seqs);

/// <summary>
/// Rows of es.event for first versions, as es.append makes them: body = head || versionId and lastUpdated || tail, commitment =
/// SHA-256(salt || body). xid, schema version and codec are the defaults of their columns.
/// </summary>
internal sealed class EventRows(Release release)
{
    public const string Copy =
        "copy es.event (seq, rid, recorded_at, version, tenant, type, kind, event_id, tx_id, digest, fhir_version, actor, on_behalf_of, "
        + "client, reason, purpose, correlation_id, source_address, trace, salt, body, body_commit) from stdin (format binary)";

    private const int Columns = 22;
    private const int SaltBytes = 16;
    private const short Created = 1;
    private const short CreatedByUpdate = 4;

    /// <param name="at">In UTC, whole milliseconds.</param>
    public void Fill(CopyRows rows, AppendBatch batch, PendingGroup group, StreamNumbers numbers, DateTime at)
    {
        var provenance = group.Group.Provenance;
        var meta = Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"\"versionId\":\"1\",\"lastUpdated\":\"{at:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}\""));
        var salts = RandomNumberGenerator.GetBytes(SaltBytes * batch.Commands.Count);
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> commitment = stackalloc byte[SHA256.HashSizeInBytes];
        rows.Clear();
        for (var index = 0; index < batch.Commands.Count; index++)
        {
            var command = batch.Commands[index].Command;
            var template = command.Content!.Body;
            var salt = salts.AsSpan(index * SaltBytes, SaltBytes);
            rows.StartRow(Columns);
            rows.Add(numbers.Seqs[index]);
            rows.Add(numbers.Rids[index]);
            rows.Add(at);
            rows.Add(1);
            rows.Add(Tenant.Only);
            rows.Add((short)command.Key.Type.Number);
            rows.Add(command.Kind is WriteKind.Create ? Created : CreatedByUpdate);
            rows.Add(batch.Events[index]);
            rows.Add(group.TransactionId);
            rows.Add(template.Digest);
            rows.Add(release.FhirVersion);
            rows.Add(provenance.Actor);
            rows.Add(provenance.OnBehalfOf);
            rows.Add(provenance.Client);
            rows.Add(provenance.Reason);
            rows.Add(provenance.Purpose);
            rows.Add(provenance.CorrelationId);
            rows.Add(provenance.SourceAddress);
            rows.Add(provenance.Trace);
            rows.Add(salt);
            var body = rows.Add(template.Head.Span, meta, template.Tail.Span);
            sha.AppendData(salt);
            sha.AppendData(body);
            sha.GetHashAndReset(commitment);
            rows.Add(commitment);
        }
    }
}
