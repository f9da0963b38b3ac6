using System.Buffers;

using EventFhir.Model.Json;

namespace EventFhir.Model.Patching;

/// <summary>
/// JSON that can be changed in places: what is not touched keeps its text, so that digits, escapes and the order of members survive. White space
/// between tokens does not, as in what is stored.
/// </summary>
internal abstract class JsonPart
{
    /// <summary>A string, number, boolean or null, as text with its quotes.</summary>
    public sealed class Scalar(ReadOnlyMemory<byte> raw, JsonKind kind) : JsonPart
    {
        public static readonly Scalar Null = new("null"u8.ToArray(), JsonKind.Null);

        public ReadOnlyMemory<byte> Raw => raw;
        public JsonKind Kind => kind;

        /// <summary>The content of a string without escapes.</summary>
        public ReadOnlyMemory<byte> Text => Unescaped(raw[1..^1]);
    }

    public sealed class List : JsonPart
    {
        public List<JsonPart> Items { get; } = [];
    }

    public sealed class Members : JsonPart
    {
        public List<Member> Entries { get; } = [];

        /// <summary>-1 if there is none.</summary>
        public int IndexOf(ReadOnlySpan<byte> name)
        {
            for (var index = 0; index < Entries.Count; index++)
                if (Entries[index].Name.Span.SequenceEqual(name)) return index;
            return -1;
        }

        public JsonPart? Find(ReadOnlySpan<byte> name) => IndexOf(name) is >= 0 and var index ? Entries[index].Value : null;

        /// <summary>In its place if there is one of this name, else at the end.</summary>
        public void Set(ReadOnlyMemory<byte> name, JsonPart value)
        {
            var index = IndexOf(name.Span);
            if (index < 0) Entries.Add(Member.Of(name, value));
            else Entries[index] = Entries[index] with { Value = value };
        }

        public void Remove(ReadOnlySpan<byte> name)
        {
            if (IndexOf(name) is >= 0 and var index) Entries.RemoveAt(index);
        }
    }

    /// <param name="Raw">The name as text, with its quotes.</param>
    /// <param name="Name">The name without escapes.</param>
    public readonly record struct Member(ReadOnlyMemory<byte> Raw, ReadOnlyMemory<byte> Name, JsonPart Value)
    {
        public static Member Of(ReadOnlyMemory<byte> name, JsonPart value) =>
            new(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(System.Text.Encoding.UTF8.GetString(name.Span)), name, value);
    }

    /// <summary>Null if the text is no JSON; then the fault says what is wrong. The parts point into the text.</summary>
    public static JsonPart? Parse(ReadOnlyMemory<byte> json, out string? fault)
    {
        var cursor = new JsonCursor(json.Span);
        var part = Parse(json, ref cursor);
        cursor.ReadEnd();
        fault = cursor.Fault;
        return fault is null ? part : null;
    }

    private static JsonPart Parse(ReadOnlyMemory<byte> json, ref JsonCursor cursor)
    {
        var kind = cursor.ReadValue();
        var isFirst = true;
        switch (kind)
        {
            case JsonKind.Object:
                var members = new Members();
                while (cursor.NextMember(ref isFirst))
                {
                    var raw = json.Slice(cursor.Start - 1, cursor.Length + 2);
                    members.Entries.Add(new Member(raw, cursor.IsEscaped ? Unescaped(raw[1..^1]) : raw[1..^1], Parse(json, ref cursor)));
                }
                return members;
            case JsonKind.Array:
                var list = new List();
                while (cursor.NextItem(ref isFirst)) list.Items.Add(Parse(json, ref cursor));
                return list;
            case JsonKind.String:
                return new Scalar(json.Slice(cursor.Start - 1, cursor.Length + 2), kind);
            default:
                return new Scalar(json.Slice(cursor.Start, cursor.Length), kind);
        }
    }

    private static ReadOnlyMemory<byte> Unescaped(ReadOnlyMemory<byte> content)
    {
        if (!content.Span.Contains((byte)'\\')) return content;
        var plain = new byte[content.Length];
        return plain.AsMemory(0, JsonEscape.Unescape(content.Span, plain));
    }

    /// <summary>A copy that can be changed without changing this one.</summary>
    public JsonPart Copy()
    {
        switch (this)
        {
            case Members members:
                var copy = new Members();
                foreach (var member in members.Entries) copy.Entries.Add(member with { Value = member.Value.Copy() });
                return copy;
            case List list:
                var items = new List();
                foreach (var item in list.Items) items.Items.Add(item.Copy());
                return items;
            default:
                return this;
        }
    }

    /// <summary>How many bytes the text has, and how deep objects and arrays nest: 0 for a scalar.</summary>
    public (long Bytes, int Depth) Measure()
    {
        var (bytes, depth) = (2L, 0);
        switch (this)
        {
            case Scalar scalar:
                return (scalar.Raw.Length, 0);
            case Members members:
                foreach (var member in members.Entries) Add(member.Raw.Length + 2, member.Value);
                break;
            case List list:
                foreach (var item in list.Items) Add(1, item);
                break;
        }
        return (bytes, depth + 1);
        void Add(int own, JsonPart value)
        {
            var inner = value.Measure();
            (bytes, depth) = (bytes + own + inner.Bytes, Math.Max(depth, inner.Depth));
        }
    }

    public void Write(IBufferWriter<byte> target)
    {
        switch (this)
        {
            case Scalar scalar:
                target.Write(scalar.Raw.Span);
                break;
            case Members members:
                target.Write("{"u8);
                for (var index = 0; index < members.Entries.Count; index++)
                {
                    if (index > 0) target.Write(","u8);
                    target.Write(members.Entries[index].Raw.Span);
                    target.Write(":"u8);
                    members.Entries[index].Value.Write(target);
                }
                target.Write("}"u8);
                break;
            case List list:
                target.Write("["u8);
                for (var index = 0; index < list.Items.Count; index++)
                {
                    if (index > 0) target.Write(","u8);
                    list.Items[index].Write(target);
                }
                target.Write("]"u8);
                break;
        }
    }
}
