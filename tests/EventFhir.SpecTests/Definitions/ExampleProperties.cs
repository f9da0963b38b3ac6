using System.Text;
using System.Text.Json;

using EventFhir.Model.Definitions;
using EventFhir.Tests;

using Xunit;

namespace EventFhir.SpecTests.Definitions;

/// <summary>The tables know every property of every official example, so nothing was lost on the way from the specification.</summary>
public sealed class ExampleProperties
{
    private readonly SortedSet<string> unknown = new(StringComparer.Ordinal);
    private readonly TypeDefinition element = Release.R4.FindType("Element")!;

    [Fact]
    public void Are_all_known()
    {
        var files = Directory.GetFiles(OfficialPackages.R4Examples, "*-*.json");
        Assert.True(files.Length > 5_000, $"Only {files.Length} examples were found.");
        foreach (var file in files)
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            Resource(document.RootElement);
        }
        Assert.Empty(unknown);
    }

    private void Resource(JsonElement json)
    {
        if (!json.TryGetProperty("resourceType", out var name)) return;
        if (Release.R4.FindResourceType(name.GetString()!) is { } type) Properties(json, type);
        else unknown.Add(name.GetString()!);
    }

    private void Properties(JsonElement json, TypeDefinition type)
    {
        foreach (var property in json.EnumerateObject())
        {
            if (property.Name == "resourceType" && type.IsResource) continue;
            var ofExtension = property.Name.StartsWith('_');
            if (type.FindProperty(Encoding.UTF8.GetBytes(ofExtension ? property.Name[1..] : property.Name)) is not { } known)
                unknown.Add($"{type.Name}.{property.Name}");
            else
                Value(property.Value, ofExtension ? element : known.Type.Type);
        }
    }

    private void Value(JsonElement json, TypeDefinition type)
    {
        if (json.ValueKind is JsonValueKind.Array)
        {
            foreach (var item in json.EnumerateArray()) Value(item, type);
        }
        else if (json.ValueKind is JsonValueKind.Object)
        {
            if (type.IsResource) Resource(json);
            else if (!type.IsPrimitive) Properties(json, type);
            else unknown.Add($"an object for {type.Name}");
        }
    }
}
