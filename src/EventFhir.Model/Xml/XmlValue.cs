using EventFhir.Model.Definitions;
using EventFhir.Model.Json;

namespace EventFhir.Model.Xml;

/// <summary>Values of attributes. XML Schema, by which R4 defines them, allows white space around all but texts; JSON does not.</summary>
internal static class XmlValue
{
    private static readonly char[] Space = [' ', '\t', '\r', '\n'];

    public static string Of(PrimitiveKind kind, string value) =>
        kind is PrimitiveKind.String or PrimitiveKind.Markdown or PrimitiveKind.Base64Binary ? value : value.Trim(Space);

    /// <summary>True for the kinds that JSON writes without quotes.</summary>
    public static bool IsBare(PrimitiveKind kind) =>
        kind is PrimitiveKind.Boolean or PrimitiveKind.Integer or PrimitiveKind.PositiveInt or PrimitiveKind.UnsignedInt or PrimitiveKind.Decimal;

    /// <summary>True if JSON can write the value without quotes.</summary>
    public static bool IsBareValue(PrimitiveKind kind, ReadOnlySpan<byte> value) => kind is PrimitiveKind.Boolean
        ? value.SequenceEqual("true"u8) || value.SequenceEqual("false"u8)
        : !value.IsEmpty && JsonNumber.LengthOf(value) == value.Length;
}
