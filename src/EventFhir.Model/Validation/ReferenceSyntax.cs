using EventFhir.Model.Definitions;

namespace EventFhir.Model.Validation;

internal enum ReferenceForm
{
    Invalid,

    /// <summary>Type/id, perhaps with /_history/version.</summary>
    Relative,

    /// <summary>An absolute URL that ends like a relative one, with the name of a resource type.</summary>
    AbsoluteRestful,

    /// <summary>Any other absolute URL, urn:uuid: and urn:oid: included.</summary>
    Absolute,

    /// <summary>#id, or # for the resource that contains this one.</summary>
    Contained,

    /// <summary>Type?criteria, which a transaction resolves.</summary>
    Conditional,
}

/// <summary>The syntax of Reference.reference (R4 references.html#literal).</summary>
internal static class ReferenceSyntax
{
    /// <param name="target">The resource type that the reference names, if it names one.</param>
    public static ReferenceForm Parse(ReadOnlySpan<byte> value, Release release, out TypeDefinition? target)
    {
        target = null;
        if (!PrimitiveSyntax.IsUri(value)) return ReferenceForm.Invalid;
        if (value[0] == '#') return value.Length == 1 || PrimitiveSyntax.IsUri(value[1..]) ? ReferenceForm.Contained : ReferenceForm.Invalid;
        if (!IsAbsolute(value))
        {
            target = RestfulTarget(value, release, out var length);
            if (target is not null && length == value.Length) return ReferenceForm.Relative;
            target = ConditionalTarget(value, release);
            return target is null ? ReferenceForm.Invalid : ReferenceForm.Conditional;
        }
        if (value.StartsWith("urn:"u8)) return IsUrn(value) ? ReferenceForm.Absolute : ReferenceForm.Invalid;
        if (value.StartsWith("http://"u8) || value.StartsWith("https://"u8)) target = RestfulTarget(value, release, out _);
        return target is null ? ReferenceForm.Absolute : ReferenceForm.AbsoluteRestful;
    }

    private static bool IsAbsolute(ReadOnlySpan<byte> value)
    {
        var colon = value.IndexOf((byte)':');
        if (colon <= 0 || !char.IsAsciiLetter((char)value[0])) return false;
        foreach (var octet in value[..colon])
            if (!char.IsAsciiLetterOrDigit((char)octet) && octet is not ((byte)'+' or (byte)'-' or (byte)'.')) return false;
        return true;
    }

    private static bool IsUrn(ReadOnlySpan<byte> value)
    {
        if (value.StartsWith("urn:uuid:"u8)) return PrimitiveSyntax.Fault(PrimitiveKind.Uuid, value) is null;
        if (value.StartsWith("urn:oid:"u8)) return PrimitiveSyntax.Fault(PrimitiveKind.Oid, value) is null;
        return value.Length > "urn:".Length;
    }

    /// <summary>Reads …/Type/id or …/Type/id/_history/version from the end.</summary>
    /// <param name="length">How much of the end was read.</param>
    private static TypeDefinition? RestfulTarget(ReadOnlySpan<byte> value, Release release, out int length)
    {
        length = 0;
        var rest = value;
        if (!TakeLast(ref rest, out var id) || !PrimitiveSyntax.IsId(id)) return null;
        if (rest.EndsWith("/_history"u8))
        {
            rest = rest[..^"/_history".Length];
            if (!TakeLast(ref rest, out id) || !PrimitiveSyntax.IsId(id)) return null;
        }
        var name = rest[(rest.LastIndexOf((byte)'/') + 1)..];
        length = value.Length - (rest.Length - name.Length);
        return release.FindType(name) is { IsResource: true, IsAbstract: false } type ? type : null;
    }

    private static bool TakeLast(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> segment)
    {
        var slash = rest.LastIndexOf((byte)'/');
        segment = rest[(slash + 1)..];
        if (slash <= 0) return false;
        rest = rest[..slash];
        return true;
    }

    private static TypeDefinition? ConditionalTarget(ReadOnlySpan<byte> value, Release release)
    {
        var query = value.IndexOf((byte)'?');
        if (query <= 0 || query == value.Length - 1) return null;
        return release.FindType(value[..query]) is { IsResource: true, IsAbstract: false } type ? type : null;
    }
}
