using System.Collections.Concurrent;

namespace EventFhir.Postgres.Sql;

/// <summary>
/// The texts of statements made so far, each once: searches of the same shape have the same text, and a long string for each search would be most
/// of what it allocates.
/// </summary>
internal static class StatementTexts
{
    /// <summary>What comes after so many is not kept; the shapes that clients really use come early.</summary>
    private const int CountMax = 2_000;

    private static readonly ConcurrentDictionary<string, string> Texts = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> BySpan =
        Texts.GetAlternateLookup<ReadOnlySpan<char>>();

    private static int count;

    public static string Of(ReadOnlySpan<char> text)
    {
        if (BySpan.TryGetValue(text, out var known)) return known;
        var made = text.ToString();
        if (Volatile.Read(ref count) < CountMax && Texts.TryAdd(made, made)) Interlocked.Increment(ref count);
        return made;
    }
}
