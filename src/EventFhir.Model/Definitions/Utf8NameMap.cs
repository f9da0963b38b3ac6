using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;

namespace EventFhir.Model.Definitions;

/// <summary>A small map from names to values that is asked with UTF-8 bytes. Hot path, measured by Benchmarks/Micro.</summary>
internal sealed class Utf8NameMap<T> where T : class
{
    private Slot[] slots;
    private int count;

    /// <param name="capacity">The number of names to make room for.</param>
    public Utf8NameMap(int capacity = 2) => slots = new Slot[(int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(2, capacity) * 2)];

    public static Utf8NameMap<T> Of<TSource>(IEnumerable<TSource> source, Func<TSource, (string Name, T Value)> entry)
    {
        var map = new Utf8NameMap<T>(source.TryGetNonEnumeratedCount(out var expected) ? expected : 0);
        foreach (var item in source)
        {
            var (name, value) = entry(item);
            map.Add(name, value);
        }
        return map;
    }

    /// <summary>Adds a name; the first value of a name wins.</summary>
    public void Add(string name, T value) => Add(Encoding.UTF8.GetBytes(name), value);

    /// <summary>Adds a name; the first value of a name wins. The map keeps the array.</summary>
    public void Add(byte[] name, T value)
    {
        if (Find(name) is null) AddNew(name, value);
    }

    /// <summary>Adds a name that is known to be new. The map keeps the array.</summary>
    public void AddNew(byte[] name, T value)
    {
        if (++count * 2 > slots.Length) Grow();
        Place(slots, new Slot(name, Hash(name), value));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public T? Find(ReadOnlySpan<byte> name)
    {
        var hash = Hash(name);
        var mask = slots.Length - 1;
        for (var at = hash & mask; slots[at].Name is { } known; at = (at + 1) & mask)
            if (slots[at].Hash == hash && name.SequenceEqual(known)) return slots[at].Value;
        return null;
    }

    private void Grow()
    {
        var grown = new Slot[slots.Length * 2];
        foreach (var slot in slots)
            if (slot.Name is not null) Place(grown, slot);
        slots = grown;
    }

    private static void Place(Slot[] slots, Slot slot)
    {
        var mask = slots.Length - 1;
        var at = slot.Hash & mask;
        while (slots[at].Name is not null) at = (at + 1) & mask;
        slots[at] = slot;
    }

    // Start-up asks for tens of thousands of names before tiered compilation would have looked at this.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Hash(ReadOnlySpan<byte> name)
    {
        var hash = 2166136261u;
        foreach (var octet in name) hash = (hash ^ octet) * 16777619u;
        return (int)(hash ^ (hash >> 15));
    }

    private readonly record struct Slot(byte[]? Name, int Hash, T? Value);
}
