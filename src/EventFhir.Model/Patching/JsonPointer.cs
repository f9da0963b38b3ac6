using System.Globalization;
using System.Text;

namespace EventFhir.Model.Patching;

/// <summary>A place in JSON text (RFC 6901), as the names and indexes that lead to it; none for the whole.</summary>
internal readonly record struct JsonPointer(byte[][] Steps)
{
    public bool IsRoot => Steps.Length == 0;
    public ReadOnlySpan<byte> Last => Steps[^1];

    /// <summary>Null if the text is no pointer.</summary>
    public static JsonPointer? Parse(string text)
    {
        if (text.Length == 0) return new JsonPointer([]);
        if (text[0] != '/') return null;
        var parts = text[1..].Split('/');
        var steps = new byte[parts.Length][];
        for (var index = 0; index < parts.Length; index++)
        {
            if (Unescape(parts[index]) is not { } step) return null;
            steps[index] = Encoding.UTF8.GetBytes(step);
        }
        return new JsonPointer(steps);
    }

    /// <summary>True if the other place lies within this one, or is this one.</summary>
    public bool Contains(JsonPointer other)
    {
        if (Steps.Length > other.Steps.Length) return false;
        for (var index = 0; index < Steps.Length; index++)
            if (!Steps[index].AsSpan().SequenceEqual(other.Steps[index])) return false;
        return true;
    }

    public bool Is(params ReadOnlySpan<string> names)
    {
        if (names.Length != Steps.Length) return false;
        for (var index = 0; index < names.Length; index++)
            if (!Steps[index].AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(names[index]))) return false;
        return true;
    }

    /// <summary>The index of an array that a step names: digits without leading zeros. Null for anything else.</summary>
    public static int? IndexOf(ReadOnlySpan<byte> step) =>
        (step.Length == 1 || !step.StartsWith("0"u8)) && int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            ? index
            : null;

    private static string? Unescape(string part)
    {
        for (var at = part.IndexOf('~', StringComparison.Ordinal); at >= 0; at = part.IndexOf('~', at + 1))
            if (at + 1 == part.Length || part[at + 1] is not ('0' or '1')) return null;
        return part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
    }
}
