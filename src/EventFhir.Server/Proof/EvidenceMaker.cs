using EventFhir.Core;
using EventFhir.Core.Events;
using EventFhir.Core.Proof;
using EventFhir.Model;
using EventFhir.Postgres.Proof;

namespace EventFhir.Server.Proof;

/// <summary>Makes the evidence pack of a resource, and waits a moment for the checkpoint of what was just written.</summary>
public sealed class EvidenceMaker(ProofReader reader, LogSigners signers, TimeProvider time)
{
    private static readonly TimeSpan PatienceMax = TimeSpan.FromSeconds(5);

    /// <summary>So long a write may take to have its place in the feed before the resource counts as one that does not exist.</summary>
    private static readonly TimeSpan PlacingTimeMax = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>Null if a pack can be made in memory.</summary>
    public async Task<Refusal?> CheckSizeAsync(ResourceKey key, CancellationToken cancellationToken) =>
        await reader.BodyBytesAsync(key, cancellationToken) <= Limits.EvidenceBytesMax
            ? null
            : Refusal.Of(
                RefusalKind.TooLarge, "too-costly", $"The versions of the resource have more than {Limits.EvidenceBytesMax >> 20} MiB together.");

    /// <summary>The zip; null if the resource is in no signed tree.</summary>
    public async Task<byte[]?> MakeAsync(ResourceKey key, CancellationToken cancellationToken)
    {
        for (var waited = TimeSpan.Zero; ; waited += LookInterval)
        {
            if (await reader.EvidenceAsync(key, time.GetUtcNow(), cancellationToken) is { } pack) return pack.Write(signers.All);
            if (waited >= PatienceMax) return null;
            if (waited >= PlacingTimeMax && await reader.PositionAsync(key, version: 1, cancellationToken) is null) return null;
            await Task.Delay(LookInterval, time, cancellationToken);
        }
    }
}
