using System.Buffers.Text;
using System.Text;

namespace EventFhir.Model.Definitions;

/// <summary>
/// Walks the generated tables: rows end with "\n", fields are separated by tabs, lists by spaces. Start-up path, measured by UnitTests/Definitions.
/// </summary>
internal ref struct TableRow(ReadOnlySpan<byte> tables, SharedStrings strings)
{
    private ReadOnlySpan<byte> remaining = tables;
    private ReadOnlySpan<byte> row;

    /// <summary>The first letter of the row.</summary>
    public byte Kind { get; private set; }

    public readonly bool HasMore => row.Length > 0;

    public bool Next()
    {
        if (remaining.IsEmpty) return false;
        var end = remaining.IndexOf((byte)'\n');
        Kind = remaining[0];
        row = end > 2 ? remaining[2..end] : [];
        remaining = remaining[(end + 1)..];
        return true;
    }

    public ReadOnlySpan<byte> Bytes()
    {
        var end = row.IndexOf((byte)'\t');
        var field = end < 0 ? row : row[..end];
        row = end < 0 ? [] : row[(end + 1)..];
        return field;
    }

    public void Skip(int fields)
    {
        for (; fields > 0; fields--) Bytes();
    }

    public string Text() => strings.Of(Bytes());

    public int Number() => Utf8Parser.TryParse(Bytes(), out int number, out _) ? number : 0;

    /// <summary>Takes the next word off a list; false when the list is empty.</summary>
    public static bool NextWord(ref ReadOnlySpan<byte> list, out ReadOnlySpan<byte> word)
    {
        var end = list.IndexOf((byte)' ');
        word = end < 0 ? list : list[..end];
        list = end < 0 ? [] : list[(end + 1)..];
        return word.Length > 0;
    }
}

/// <summary>One string for equal bytes: names like "extension" occur hundreds of times in the tables.</summary>
internal sealed class SharedStrings
{
    private readonly Utf8NameMap<string> known = new(capacity: 16_384);

    public string Of(ReadOnlySpan<byte> utf8) => utf8.IsEmpty ? "" : known.Find(utf8) ?? Add(utf8);

    private string Add(ReadOnlySpan<byte> utf8)
    {
        var text = Encoding.UTF8.GetString(utf8);
        known.AddNew(utf8.ToArray(), text);
        return text;
    }
}
