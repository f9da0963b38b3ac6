using System.Buffers;
using System.Security.Cryptography;

using EventFhir.Model.Elements;

namespace EventFhir.Model.Json;

/// <summary>
/// A resource as it will be stored, cut where meta.versionId and meta.lastUpdated belong, which are known only later: the whole text is
/// Head + <c>"versionId":"7","lastUpdated":"2026-11-21T08:00:00.000Z"</c> + Tail.
/// White space outside strings is gone, the id is set, and versionId and lastUpdated as sent are gone; all else is as it was sent, in its order.
/// </summary>
/// <param name="Digest">The first 128 bits of SHA-256 over Head and Tail: equal digests are equal content, and 1.1 differs from 1.10.</param>
public readonly record struct StoredText(ReadOnlyMemory<byte> Head, ReadOnlyMemory<byte> Tail, Guid Digest)
{
    private const int DigestBytes = 16;

    /// <param name="resource">A valid resource, with or without an id of its own.</param>
    /// <param name="id">The id to store it under, a correct FHIR id.</param>
    public static StoredText Of(Resource resource, string id)
    {
        var json = resource.Json.Span;
        var scratch = ArrayPool<byte>.Shared.Rent(json.Length + id.Length + ""","id":"","meta":{}""".Length);
        var composition = new Composition(json, scratch, id);
        composition.WriteResource(resource.Root.FirstChild("id") is not null, resource.Root.FirstChild("meta") is not null);
        var text = composition.Written.ToArray();
        ArrayPool<byte>.Shared.Return(scratch);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        return new StoredText(text.AsMemory(0, composition.Cut), text.AsMemory(composition.Cut), new Guid(hash[..DigestBytes], bigEndian: true));
    }

    /// <summary>Writes the text of one resource member by member. Where the id or meta is missing it goes behind what should precede it.</summary>
    private ref struct Composition(ReadOnlySpan<byte> json, Span<byte> target, string id)
    {
        private readonly ReadOnlySpan<byte> json = json;
        private readonly Span<byte> target = target;
        private int written;

        /// <summary>Where versionId and lastUpdated are to be put in.</summary>
        public int Cut { get; private set; }

        public readonly ReadOnlySpan<byte> Written => target[..written];

        public void WriteResource(bool hasId, bool hasMeta)
        {
            var cursor = new JsonCursor(json);
            cursor.ReadValue();
            Write("{"u8);
            var isFirst = true;
            while (cursor.NextMember(ref isFirst))
            {
                if (written > 1) Write(","u8);
                if (NameIs(cursor, "meta"u8))
                {
                    WriteMeta(ref cursor);
                }
                else if (NameIs(cursor, "id"u8))
                {
                    cursor.Skip(cursor.ReadValue());
                    WriteId();
                    if (!hasMeta) { Write(","u8); WriteEmptyMeta(); }
                }
                else
                {
                    var isType = NameIs(cursor, "resourceType"u8);
                    CopyMember(ref cursor);
                    if (!isType || hasId) continue;
                    Write(","u8);
                    WriteId();
                    if (!hasMeta) { Write(","u8); WriteEmptyMeta(); }
                }
            }
            Write("}"u8);
        }

        private void WriteMeta(ref JsonCursor cursor)
        {
            Write("\"meta\":{"u8);
            Cut = written;
            cursor.ReadValue();
            var isFirst = true;
            while (cursor.NextMember(ref isFirst))
            {
                if (IsServersOwn(cursor))
                {
                    cursor.Skip(cursor.ReadValue());
                    continue;
                }
                Write(","u8);
                CopyMember(ref cursor);
            }
            Write("}"u8);
        }

        private void WriteEmptyMeta()
        {
            Write("\"meta\":{"u8);
            Cut = written;
            Write("}"u8);
        }

        private void WriteId()
        {
            Write("\"id\":\""u8);
            foreach (var letter in id) target[written++] = (byte)letter;
            Write("\""u8);
        }

        private void CopyMember(ref JsonCursor cursor)
        {
            var from = cursor.Start - 1;
            cursor.Skip(cursor.ReadValue());
            written += JsonLayout.Minify(json[from..cursor.Position], target[written..]);
        }

        private readonly bool IsServersOwn(in JsonCursor cursor) =>
            NameIs(cursor, "versionId"u8) || NameIs(cursor, "_versionId"u8) || NameIs(cursor, "lastUpdated"u8) || NameIs(cursor, "_lastUpdated"u8);

        private readonly bool NameIs(in JsonCursor cursor, ReadOnlySpan<byte> name)
        {
            var raw = json.Slice(cursor.Start, cursor.Length);
            if (!cursor.IsEscaped) return raw.SequenceEqual(name);
            var plain = new byte[raw.Length];
            return plain.AsSpan(0, JsonEscape.Unescape(raw, plain)).SequenceEqual(name);
        }

        private void Write(ReadOnlySpan<byte> utf8)
        {
            utf8.CopyTo(target[written..]);
            written += utf8.Length;
        }
    }
}
