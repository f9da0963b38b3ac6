using System.Threading.Channels;

using EventFhir.Core.Events;

namespace EventFhir.Postgres.Writing;

/// <summary>
/// Groups on their way to one or more lanes, in order of arrival. A group whose key is already in the batch, or wanted by an earlier group
/// that waits, is left for a later batch, so that the writes of one resource keep their order.
/// </summary>
internal sealed class WriteQueue(Channel<PendingGroup> arrivals, StoreOptions options)
{
    private readonly List<PendingGroup> deferred = [];
    private readonly List<PendingGroup> stillDeferred = [];
    private readonly HashSet<ResourceKey> taken = [];
    private readonly HashSet<string> takenKeys = new(StringComparer.Ordinal);

    /// <summary>Fills the next batch; false when the queue is closed and empty. A lone group goes at once.</summary>
    public async Task<bool> CollectAsync(List<PendingGroup> batch)
    {
        batch.Clear();
        while (batch.Count == 0)
        {
            if (deferred.Count == 0 && !await arrivals.Reader.WaitToReadAsync()) return false;
            taken.Clear();
            takenKeys.Clear();
            stillDeferred.Clear();
            var bytes = 0L;
            foreach (var group in deferred) Place(group, batch, ref bytes);
            while (!IsFull(batch, bytes) && stillDeferred.Count < options.GroupsPerBatchMax && arrivals.Reader.TryRead(out var group))
                Place(group, batch, ref bytes);
            deferred.Clear();
            deferred.AddRange(stillDeferred);
        }
        return true;
    }

    private bool IsFull(List<PendingGroup> batch, long bytes) => batch.Count >= options.GroupsPerBatchMax || bytes >= options.BytesPerBatchMax;

    private void Place(PendingGroup group, List<PendingGroup> batch, ref long bytes)
    {
        if (group.IsAbandoned)
        {
            group.Abandon();
            return;
        }
        var fits = !IsFull(batch, bytes);
        // All keys are taken even if the group must wait, so that nothing that comes later overtakes it.
        foreach (var command in group.Group.Commands) fits &= taken.Add(command.Key);
        if (group.Group.IdempotencyKey is { } key) fits &= takenKeys.Add(key);
        if (!fits)
        {
            stillDeferred.Add(group);
            return;
        }
        batch.Add(group);
        bytes += group.Bytes;
    }
}
