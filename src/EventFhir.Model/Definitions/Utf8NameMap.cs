using System.Text;

namespace EventFhir.Model.Definitions;

/// <summary>A small map from names to values that is asked with UTF-8 bytes. Hot path, measured by Benchmarks/ReadingJson.cs.</summary>
internal sealed class Utf8NameMap<T> where T : class
{
    private (byte[] Name, T Value)?[] slots = new (byte[], T)?[4];
    private int count;

    public static Utf8NameMap<T> Of<TSource>(IEnumerable<TSource> source, Func<TSource, (string Name, T Value)> entry)
    {
        var map = new Utf8NameMap<T>();
        foreach (var item in source)
        {
            var (name, value) = entry(item);
            map.Add(name, value);
        }
        return map;
    }

    /// <summary>Adds a name; the first value of a name wins.</summary>
    public void Add(string name, T value)
    {
        if (Find(Encoding.UTF8.GetBytes(name)) is not null) return;
        if (++count * 2 > slots.Length) Grow();
        Place(slots, Encoding.UTF8.GetBytes(name), value);
    }

    public T? Find(ReadOnlySpan<byte> name)
    {
        var mask = slots.Length - 1;
        for (var slot = Hash(name) & mask; slots[slot] is { } entry; slot = (slot + 1) & mask)
            if (name.SequenceEqual(entry.Name)) return entry.Value;
        return null;
    }

    private void Grow()
    {
        var grown = new (byte[], T)?[slots.Length * 2];
        foreach (var slot in slots)
            if (slot is { } entry) Place(grown, entry.Name, entry.Value);
        slots = grown;
    }

    private static void Place((byte[] Name, T Value)?[] slots, byte[] name, T value)
    {
        var mask = slots.Length - 1;
        var slot = Hash(name) & mask;
        while (slots[slot] is not null) slot = (slot + 1) & mask;
        slots[slot] = (name, value);
    }

    private static int Hash(ReadOnlySpan<byte> name)
    {
        var hash = 2166136261u;
        foreach (var octet in name) hash = (hash ^ octet) * 16777619u;
        return (int)(hash ^ (hash >> 15));
    }
}
