using System.Collections.Concurrent;

using EventFhir.Core.Events;

namespace EventFhir.Postgres.Bulk;

/// <summary>
/// Rids of committed stream rows, shared by the lanes. A key keeps its rid for good, so nothing here can become wrong; when it is too
/// much, all is forgotten.
/// </summary>
internal sealed class KnownRids
{
    private const int RidsMax = 500_000;
    private readonly ConcurrentDictionary<ResourceKey, long> rids = new();
    private int count;

    public bool TryFind(ResourceKey key, out long rid) => rids.TryGetValue(key, out rid);

    public void Add(ResourceKey key, long rid)
    {
        if (!rids.TryAdd(key, rid) || Interlocked.Increment(ref count) < RidsMax) return;
        Interlocked.Exchange(ref count, 0);
        rids.Clear();
    }
}
