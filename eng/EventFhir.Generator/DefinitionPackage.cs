using System.Collections.Immutable;
using System.Text.Json;

namespace EventFhir.Generator;

/// <summary>The first stage: the definitions in an unpacked npm package of HL7, in order of their file names.</summary>
internal sealed class DefinitionPackage(string folder)
{
    public ImmutableArray<JsonElement> StructureDefinitions { get; } = Read(folder, "StructureDefinition");
    public ImmutableArray<JsonElement> SearchParameters { get; } = Read(folder, "SearchParameter");
    public ImmutableArray<JsonElement> ValueSets { get; } = Read(folder, "ValueSet");
    public ImmutableArray<JsonElement> CodeSystems { get; } = Read(folder, "CodeSystem");
    public ImmutableArray<JsonElement> Compartments { get; } = Read(folder, "CompartmentDefinition");
    public ImmutableArray<JsonElement> Operations { get; } = Read(folder, "OperationDefinition");

    private static ImmutableArray<JsonElement> Read(string folder, string type)
    {
        var resources = ImmutableArray.CreateBuilder<JsonElement>();
        foreach (var file in Directory.EnumerateFiles(folder, $"{type}-*.json").Order(StringComparer.Ordinal))
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            if (document.RootElement.Text("resourceType") == type) resources.Add(document.RootElement.Clone());
        }
        return resources.ToImmutable();
    }
}

/// <summary>Reading JSON where absent is normal.</summary>
internal static class JsonElements
{
    public static string? Text(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? OneLine(value.GetString()!) : null;

    public static bool Flag(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True;

    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Array ? value.EnumerateArray() : [];

    public static IEnumerable<string> Texts(this JsonElement element, string name) =>
        element.Items(name).Where(item => item.ValueKind is JsonValueKind.String).Select(item => OneLine(item.GetString()!));

    /// <summary>"Patient" for http://hl7.org/fhir/StructureDefinition/Patient.</summary>
    public static string LastSegment(this string url) => url[(url.LastIndexOf('/') + 1)..];

    public static string WithoutVersion(this string canonical) => canonical.Split('|')[0];

    // The tables have a row on each line and fields between tabs; no fact of the specification depends on a line break.
    private static string OneLine(string text) =>
        text.AsSpan().IndexOfAny('\r', '\n', '\t') < 0
            ? text
            : string.Join(' ', text.Split(['\r', '\n', '\t', ' '], StringSplitOptions.RemoveEmptyEntries));
}
