using EventFhir.Core.Events;

namespace EventFhir.Postgres.Projections;

/// <summary>The distinct keys that the resources of a batch refer to, numbered from 1 in the order they were met.</summary>
internal sealed class References
{
    private readonly Dictionary<ResourceKey, int> numbers = [];

    public List<ResourceKey> Keys { get; } = [];
    public List<short> Types { get; } = [];
    public List<string> Ids { get; } = [];

    public int NumberOf(ResourceKey key)
    {
        if (numbers.TryGetValue(key, out var number)) return number;
        Keys.Add(key);
        Types.Add((short)key.Type.Number);
        Ids.Add(key.Id.Value);
        numbers.Add(key, Ids.Count);
        return Ids.Count;
    }

    public void Clear()
    {
        numbers.Clear();
        Keys.Clear();
        Types.Clear();
        Ids.Clear();
    }
}
