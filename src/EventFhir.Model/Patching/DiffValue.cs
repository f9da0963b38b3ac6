using System.Globalization;
using System.Text;

using EventFhir.Model.Definitions;
using EventFhir.Model.Json;

namespace EventFhir.Model.Patching;

/// <summary>
/// Writes values as parts of a Parameters resource, so that <see cref="PatchValue"/> reads the same from them: as a value[x] where Parameters has the
/// type, as parts where it has not (R4 fhirpatch.html#examples), and what is a resource as one.
/// </summary>
internal static class DiffValue
{
    private static readonly byte[] NameKey = "name"u8.ToArray();
    private static readonly byte[] PartKey = "part"u8.ToArray();

    /// <param name="value">Null if a primitive has only an id or extensions.</param>
    /// <param name="companion">A primitive's id and extensions.</param>
    public static JsonPart.Members Of(string name, JsonProperty property, JsonPart? value, JsonPart? companion, Release release)
    {
        var part = new JsonPart.Members();
        part.Set(NameKey, Scalar(name));
        var type = property.Type.Type;
        if (type.IsResource)
        {
            part.Set("resource"u8.ToArray(), value!);
        }
        else if (SuffixOf(property, release) is { } suffix)
        {
            if (value is not null) part.Set(Encoding.UTF8.GetBytes("value" + suffix), value);
            if (companion is not null) part.Set(Encoding.UTF8.GetBytes("_value" + suffix), companion);
        }
        else
        {
            part.Set(PartKey, PartsOf((JsonPart.Members)value!, type, release));
        }
        return part;
    }

    public static JsonPart.Members Text(string name, string property, string text)
    {
        var part = new JsonPart.Members();
        part.Set(NameKey, Scalar(name));
        part.Set(Encoding.UTF8.GetBytes(property), Scalar(text));
        return part;
    }

    public static JsonPart.Members Number(string name, string property, int number)
    {
        var part = new JsonPart.Members();
        part.Set(NameKey, Scalar(name));
        part.Set(
            Encoding.UTF8.GetBytes(property),
            new JsonPart.Scalar(Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)), JsonKind.Number));
        return part;
    }

    public static JsonPart.Scalar Scalar(string text) => new(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(text), JsonKind.String);

    private static JsonPart.List PartsOf(JsonPart.Members members, TypeDefinition type, Release release)
    {
        var parts = new JsonPart.List();
        foreach (var element in type.Elements)
            foreach (var property in element.Properties)
            {
                var values = new PatchedList(members, property.Name, element);
                for (var index = 0; index < values.Count; index++)
                    parts.Items.Add(Of(element.Name, property, values.ValueAt(index), values.CompanionAt(index), release));
            }
        return parts;
    }

    /// <summary>What follows "value" in Parameters; null if it has no value of this type.</summary>
    private static string? SuffixOf(JsonProperty property, Release release)
    {
        var type = property.Type.Type;
        var suffix = property.Element.IsChoice ? property.Name[property.Element.Name.Length..] : char.ToUpperInvariant(type.Name[0]) + type.Name[1..];
        if (release.FindType("Parameters.parameter")!.FindProperty(Encoding.UTF8.GetBytes("value" + suffix)) is not null) return suffix;
        // Narrative.div: whatever is a text can be given as a string.
        return type.IsPrimitive ? "String" : null;
    }
}
