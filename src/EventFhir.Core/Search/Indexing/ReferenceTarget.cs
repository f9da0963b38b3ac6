using System.Text;

using EventFhir.Core.Events;
using EventFhir.Model.Definitions;
using EventFhir.Model.Elements;

namespace EventFhir.Core.Search.Indexing;

public enum ReferenceScope
{
    /// <summary>A resource of this server: Type/id, or the same under its base URL.</summary>
    Local,

    /// <summary>The same with a version: Type/id/_history/7.</summary>
    LocalVersion,

    /// <summary>#id: a resource within the resource.</summary>
    Contained,

    /// <summary>Anything else: other servers, urn:uuid:….</summary>
    Elsewhere,
}

/// <summary>What the text of a literal reference points to (R4 references.html#literal).</summary>
/// <param name="Key">Set for Local and LocalVersion only.</param>
public readonly record struct ReferenceTarget(ReferenceScope Scope, ResourceKey Key)
{
    private static ReadOnlySpan<byte> History => "_history/"u8;

    /// <param name="baseUrl">The UTF-8 of this server's base URL without a slash at the end; empty if there is none.</param>
    public static ReferenceTarget Of(Release release, ReadOnlySpan<byte> baseUrl, ReadOnlySpan<byte> reference)
    {
        if (reference.StartsWith("#"u8)) return new(ReferenceScope.Contained, default);
        if (baseUrl.Length > 0 && reference.Length > baseUrl.Length && reference[baseUrl.Length] == '/' && reference.StartsWith(baseUrl))
            reference = reference[(baseUrl.Length + 1)..];
        return TryRelative(release, reference, out var scope, out var key) ? new(scope, key) : new(ReferenceScope.Elsewhere, default);
    }

    /// <summary>
    /// The type a reference points to, as far as the resource itself tells: by the URL, the contained resource or Reference.type.
    /// Null if it does not.
    /// </summary>
    internal static TypeDefinition? TypeOf(Element reference) =>
        TypeByUrl(reference) ?? reference.Resource.Release.FindType(reference.ValueOf("type").Utf8OrEmpty());

    /// <summary>As "resolve() is Patient" has it: by the URL or the contained resource alone.</summary>
    internal static TypeDefinition? TypeByUrl(Element reference)
    {
        var release = reference.Resource.Release;
        var literal = reference.ValueOf("reference").Utf8OrEmpty();
        if (literal.StartsWith("#"u8)) return ContainedType(reference.Resource, literal[1..]);
        if (literal.LastIndexOf("/_history/"u8) is > 0 and var history) literal = literal[..history];
        if (literal.LastIndexOf((byte)'/') is > 0 and var slash)
        {
            var type = literal[..slash];
            type = type[(type.LastIndexOf((byte)'/') + 1)..];
            if (release.FindType(type) is { IsResource: true } found) return found;
        }
        return null;
    }

    private static TypeDefinition? ContainedType(Resource resource, ReadOnlySpan<byte> id)
    {
        if (id.IsEmpty) return resource.Type;
        foreach (var contained in resource.Root.ChildrenNamed("contained"))
            if (contained.ValueOf("id").Utf8OrEmpty().SequenceEqual(id)) return contained.Type;
        return null;
    }

    private static bool TryRelative(Release release, ReadOnlySpan<byte> reference, out ReferenceScope scope, out ResourceKey key)
    {
        (scope, key) = (ReferenceScope.Local, default);
        var slash = reference.IndexOf((byte)'/');
        if (slash <= 0 || release.FindType(reference[..slash]) is not { IsResource: true, IsAbstract: false } type) return false;
        var id = reference[(slash + 1)..];
        if (id.IndexOf((byte)'/') is > 0 and var end)
        {
            if (!id[(end + 1)..].StartsWith(History) || id.Length == end + 1 + History.Length) return false;
            scope = ReferenceScope.LocalVersion;
            id = id[..end];
        }
        if (id.Length > 64) return false;
        Span<char> text = stackalloc char[64];
        if (Encoding.UTF8.GetChars(id, text) != id.Length || !ResourceId.TryParse(text[..id.Length], out var parsed)) return false;
        key = new(type, parsed);
        return true;
    }
}
