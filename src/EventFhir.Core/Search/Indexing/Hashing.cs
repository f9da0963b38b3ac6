using System.Buffers.Binary;
using System.Text;

namespace EventFhir.Core.Search.Indexing;

/// <summary>
/// What a hash says of a value. The number is part of the hash and must never change.
/// </summary>
public enum TermForm : byte
{
    /// <summary>The resource has a value for the parameter. No parts.</summary>
    Present = 1,

    /// <summary>Parts: system (empty if there is none), code.</summary>
    SystemCode = 2,

    /// <summary>Part: code, whatever its system. For a quantity, the unit as given: its code, and its human text.</summary>
    Code = 3,

    /// <summary>Part: system, whatever the code.</summary>
    System = 4,

    /// <summary>Part: a URI. For references the literal text of what is not on this server, of canonicals both with and without version.</summary>
    Uri = 5,

    /// <summary>Part: a URI that the value lies below: each prefix of it that ends before a "/".</summary>
    Below = 6,

    /// <summary>Part: a normalized display text, for :text.</summary>
    Text = 7,

    /// <summary>Parts: system and code of Identifier.type, and the value, for :of-type.</summary>
    OfType = 8,

    /// <summary>Parts: system (empty if there is none), value of Reference.identifier, for :identifier.</summary>
    IdentifierSystemCode = 9,

    /// <summary>Part: value of Reference.identifier.</summary>
    IdentifierCode = 10,

    /// <summary>Parts: the hashes of the components of a composite, in their order, each made with <see cref="Hashing.Component"/>.</summary>
    Composite = 11,

    /// <summary>Part: the unit of a quantity in canonical UCUM form.</summary>
    CanonicalUnit = 12,

    /// <summary>No parts: numbers and dates whose unit does not matter.</summary>
    Any = 13,

    /// <summary>The resource has no value for a parameter whose element is required. No parts.</summary>
    Absent = 14,

    /// <summary>Part: a canonical reference as it is, with its version if it names one.</summary>
    Canonical = 15,

    /// <summary>Part: a canonical reference that means the resource itself: its URL, and URL|version. The parameter is "url".</summary>
    CanonicalName = 16,

    /// <summary>Part: the type of a resource that this one contains. Of no parameter.</summary>
    Contains = 17,
}

/// <summary>
/// The hashes of the index. They are stored, so they must stay the same for ever; the golden values in the tests hold them still.
/// A tuple is hashed by chaining: each part with XXH64, seeded with the hash of what came before; the first seed is 0 and the first two parts are
/// the parameter's code and the form. Thus hash(status, SystemCode, s, c) = X(c, X(s, X([2], X("status", 0)))), with all text as UTF-8.
/// </summary>
public static class Hashing
{
    /// <summary>The 32-bit hash of a parameter's code, for side tables that have a column for it: the lower half of XXH64 of the code.</summary>
    public static int Parameter(string code) => unchecked((int)(uint)XxHash64.Of(Encoding.UTF8.GetBytes(code), 0));

    /// <summary>The 32-bit hash of a parameter within a composite: mixed with the hash of the components before it.</summary>
    public static int Parameter(string code, long components) => unchecked((int)(uint)(ulong)With(Start(code, TermForm.Composite), components));

    /// <summary>The parameter under which texts are kept whole that are cut under their own.</summary>
    public static int LongText(int parameter) => parameter ^ 0x6C6F6E67;

    /// <summary>The hash of parameter and form, to which parts are added by <see cref="With(long, ReadOnlySpan{byte})"/>.</summary>
    public static long Start(string parameter, TermForm form) =>
        unchecked((long)XxHash64.Of([(byte)form], XxHash64.Of(Encoding.UTF8.GetBytes(parameter), 0)));

    /// <summary>The same for a component of a composite, which is hashed without the name of its parameter.</summary>
    public static long Component(TermForm form) => Start("", form);

    public static long With(long hash, ReadOnlySpan<byte> part) => unchecked((long)XxHash64.Of(part, (ulong)hash));

    public static long With(long hash, string part)
    {
        Span<byte> buffer = stackalloc byte[256];
        return part.Length * 3 <= buffer.Length
            ? With(hash, buffer[..Encoding.UTF8.GetBytes(part, buffer)])
            : With(hash, Encoding.UTF8.GetBytes(part));
    }

    public static long With(long hash, long part)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, part);
        return With(hash, bytes);
    }

    /// <summary>The resource contains one of this type.</summary>
    public static long Contains(string type) => Term("", TermForm.Contains, type);

    public static long Term(string parameter, TermForm form) => Start(parameter, form);

    public static long Term(string parameter, TermForm form, string part) => With(Start(parameter, form), part);

    public static long Term(string parameter, TermForm form, string first, string second) => With(Term(parameter, form, first), second);
}
