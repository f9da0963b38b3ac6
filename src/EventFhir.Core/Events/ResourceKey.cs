using System.Buffers;

using EventFhir.Model.Definitions;

namespace EventFhir.Core.Events;

/// <summary>A logical id: 1 to 64 letters, digits, "-" and "." (R4 datatypes.html#id).</summary>
public readonly record struct ResourceId
{
    private static readonly SearchValues<char> IdCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.");

    private ResourceId(string value) => Value = value;

    public string Value { get; }

    public static bool TryParse(ReadOnlySpan<char> text, out ResourceId id)
    {
        var valid = text.Length is > 0 and <= 64 && text.IndexOfAnyExcept(IdCharacters) < 0;
        id = valid ? new ResourceId(text.ToString()) : default;
        return valid;
    }

    /// <summary>A new id of the server's own: UUIDv7, so that keys written together lie together.</summary>
    public static ResourceId New(DateTimeOffset now) => new(Guid.CreateVersion7(now).ToString());

    public override string ToString() => Value;
}

/// <summary>The identity of a resource, and of its event stream.</summary>
public readonly record struct ResourceKey(TypeDefinition Type, ResourceId Id)
{
    /// <summary>Of "Patient/123"; null if that is no type and id.</summary>
    public static ResourceKey? Find(Release release, string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && release.FindResourceType(text[..slash]) is { } type && ResourceId.TryParse(text.AsSpan(slash + 1), out var id)
            ? new ResourceKey(type, id)
            : null;
    }

    public override string ToString() => $"{Type.Name}/{Id.Value}";
}
