using System.Collections.Immutable;
using System.Text;

using EventFhir.Model.Json;

namespace EventFhir.Model.Patching;

/// <summary>A value as a part of a Parameters resource gives it.</summary>
/// <param name="Name">Of the part.</param>
/// <param name="TypeSuffix">"Quantity" for valueQuantity; empty for a resource and for a value made of parts.</param>
/// <param name="Value">Null if a primitive has only an id or extensions, or there is none.</param>
/// <param name="Companion">A primitive's id and extensions: the JSON property "_value…".</param>
/// <param name="Parts">The elements of a value whose type has no name, such as Patient.contact.</param>
internal sealed record PatchValue(string Name, string TypeSuffix, JsonPart? Value, JsonPart? Companion, ImmutableArray<PatchValue> Parts)
{
    public bool IsEmpty => Value is null && Companion is null && Parts.IsEmpty;

    /// <summary>The value if it is a string.</summary>
    public string? Text => Value is JsonPart.Scalar { Kind: JsonKind.String } text ? Encoding.UTF8.GetString(text.Text.Span) : null;

    public static string? TextOf(JsonPart.Members members, ReadOnlySpan<byte> name) =>
        members.Find(name) is JsonPart.Scalar { Kind: JsonKind.String } text ? Encoding.UTF8.GetString(text.Text.Span) : null;

    /// <param name="part">Structurally correct.</param>
    public static PatchValue Of(JsonPart.Members part)
    {
        var (suffix, value, companion) = ("", part.Find("resource"u8), (JsonPart?)null);
        foreach (var member in part.Entries)
        {
            if (member.Name.Span.StartsWith("value"u8)) (suffix, value) = (Encoding.UTF8.GetString(member.Name.Span[5..]), member.Value);
            if (member.Name.Span.StartsWith("_value"u8)) (suffix, companion) = (Encoding.UTF8.GetString(member.Name.Span[6..]), member.Value);
        }
        var parts = (part.Find("part"u8) as JsonPart.List)?.Items ?? [];
        return new PatchValue(
            TextOf(part, "name"u8) ?? "", suffix, value, companion, [.. parts.Select(inner => Of((JsonPart.Members)inner))]);
    }
}
